//===- DecodeWebP.cpp - WebP through libwebp ------------------------------------===//
//
// Through the animation decoder, which reads still pictures as animations of one frame:
// so the first frame of an animation, which need not fill the canvas, is treated as Pillow
// treats it (the rest of the canvas is black).
//
//===----------------------------------------------------------------------===//

#include "Decoders.h"

#include <algorithm>
#include <memory>

#include <webp/decode.h>
#include <webp/demux.h>

using namespace mv;
using namespace mv::image;

namespace {
struct AnimationDeleter {
  void operator()(WebPAnimDecoder *decoder) const { WebPAnimDecoderDelete(decoder); }
};
} // namespace

StatusOr<Picture> image::decodeWebP(const Source &source) {
  int width = 0, height = 0;
  if (!WebPGetInfo(source.data(), source.size(), &width, &height))
    return damaged(source, "WebP", "unreadable header");
  MV_RETURN_IF_ERROR(checkSize(source, width, height));

  WebPAnimDecoderOptions options;
  if (!WebPAnimDecoderOptionsInit(&options))
    return Status::internal("libwebp at run time is not the one this program was built for");
  options.color_mode = MODE_RGBA;
  WebPData data{source.data(), source.size()};
  std::unique_ptr<WebPAnimDecoder, AnimationDeleter> decoder(WebPAnimDecoderNew(&data, &options));
  if (!decoder)
    return damaged(source, "WebP", "unreadable container, it ends too early, or memory is short");

  // What was checked above must be what comes.
  WebPAnimInfo canvas;
  if (!WebPAnimDecoderGetInfo(decoder.get(), &canvas) || canvas.canvas_width != unsigned(width) ||
      canvas.canvas_height != unsigned(height))
    return damaged(source, "WebP", "its headers contradict each other");

  uint8_t *rgba = nullptr; // Owned by the decoder.
  int timestamp = 0;
  if (!WebPAnimDecoderGetNext(decoder.get(), &rgba, &timestamp))
    return damaged(source, "WebP", "unreadable frame, or it ends too early");
  Picture picture(width, height);
  for (size_t i = 0, pixels = size_t(width) * height; i < pixels; ++i)
    std::copy_n(rgba + 4 * i, 3, &picture.rgb[3 * i]);
  return picture;
}
