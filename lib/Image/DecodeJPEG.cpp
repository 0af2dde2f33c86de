//===- DecodeJPEG.cpp - JPEG through libjpeg-turbo ------------------------------===//
//
// The library reports errors by a callback that must not return, so decoding is done in
// a function that owns nothing with a destructor and that longjmp may leave at any call.
//
// Warnings about corrupt data are ignored, as Pillow and browsers do, with one exception:
// at the end of its input the library would make up the rest of the picture in grey; that
// is an error here.
//
//===----------------------------------------------------------------------===//

#include "Decoders.h"

#include <csetjmp>
#include <cstdio> // jpeglib.h uses FILE without including it.

#include <jerror.h>
#include <jpeglib.h>

using namespace mv;
using namespace mv::image;

namespace {

/// The decoder and what its callbacks need. Plain data: longjmp passes over it.
struct Decoder {
  jpeg_decompress_struct jpeg;
  jpeg_error_mgr errors;
  std::jmp_buf onError;
  char message[JMSG_LENGTH_MAX];
};

} // namespace

static void failDecoding(j_common_ptr common) {
  auto *decoder = static_cast<Decoder *>(common->client_data);
  common->err->format_message(common, decoder->message);
  std::longjmp(decoder->onError, 1);
}

static void noteMessage(j_common_ptr common, int level) {
  if (level < 0 && common->err->msg_code == JWRN_JPEG_EOF)
    failDecoding(common);
}

/// Creates the decoder and reads the header. False: decoder.message says why not.
static bool readHeader(Decoder &decoder, const Source &source) {
  decoder.jpeg.err = jpeg_std_error(&decoder.errors);
  decoder.errors.error_exit = failDecoding;
  decoder.errors.emit_message = noteMessage;
  decoder.jpeg.client_data = &decoder;
  if (setjmp(decoder.onError))
    return false;
  jpeg_create_decompress(&decoder.jpeg);
  jpeg_mem_src(&decoder.jpeg, source.data(), source.size());
  jpeg_read_header(&decoder.jpeg, TRUE);
  bool isCMYK = decoder.jpeg.jpeg_color_space == JCS_CMYK || decoder.jpeg.jpeg_color_space == JCS_YCCK;
  decoder.jpeg.out_color_space = isCMYK ? JCS_CMYK : JCS_RGB;
  // The slow integer transform and smooth upsampling are the library's defaults; Pillow keeps them too.
  return true;
}

/// Decodes into `pixels`: rows of `rowBytes` bytes. False: decoder.message says why not.
static bool readPixels(Decoder &decoder, uint8_t *pixels, size_t rowBytes) {
  if (setjmp(decoder.onError))
    return false;
  jpeg_start_decompress(&decoder.jpeg);
  while (decoder.jpeg.output_scanline < decoder.jpeg.output_height) {
    JSAMPROW row = pixels + decoder.jpeg.output_scanline * rowBytes;
    jpeg_read_scanlines(&decoder.jpeg, &row, 1);
  }
  return true;
}

/// round(a * b / 255)
static uint8_t multiplyFractions(unsigned a, unsigned b) { return static_cast<uint8_t>((a * b + 127) / 255); }

/// Ink to light, without a colour profile: (1 - k) (1 - c). The file holds the complement of each value: so
/// does Adobe's software write, and Pillow takes it for granted whether the file says so or not.
static void convertCMYK(const std::vector<uint8_t> &complements, Picture &picture) {
  for (size_t i = 0, pixels = complements.size() / 4; i < pixels; ++i) {
    const uint8_t *complement = &complements[4 * i];
    unsigned light = complement[3];
    for (int c = 0; c < 3; ++c) {
      // Rounded as a difference, so that it equals Pillow's value in every case.
      picture.rgb[3 * i + c] = static_cast<uint8_t>(light - multiplyFractions(255 - complement[c], light));
    }
  }
}

static StatusOr<Picture> decodeWith(Decoder &decoder, const Source &source) {
  if (!readHeader(decoder, source))
    return damaged(source, "JPEG", decoder.message);
  MV_RETURN_IF_ERROR(checkSize(source, decoder.jpeg.image_width, decoder.jpeg.image_height));

  Picture picture(static_cast<int>(decoder.jpeg.image_width), static_cast<int>(decoder.jpeg.image_height));
  if (decoder.jpeg.out_color_space == JCS_RGB) {
    if (!readPixels(decoder, picture.rgb.data(), picture.rowBytes()))
      return damaged(source, "JPEG", decoder.message);
    return picture;
  }
  std::vector<uint8_t> cmyk(size_t(4) * picture.width * picture.height);
  if (!readPixels(decoder, cmyk.data(), size_t(4) * picture.width))
    return damaged(source, "JPEG", decoder.message);
  convertCMYK(cmyk, picture);
  return picture;
}

StatusOr<Picture> image::decodeJPEG(const Source &source) {
  Decoder decoder{};
  StatusOr<Picture> result = decodeWith(decoder, source);
  jpeg_destroy_decompress(&decoder.jpeg);
  return result;
}
