//===- DecodePNG.cpp - PNG through libpng ---------------------------------------===//
//
// As in DecodeJPEG.cpp, the library leaves by longjmp: the functions that call it own
// nothing with a destructor.
//
//===----------------------------------------------------------------------===//

#include "Decoders.h"

#include <algorithm>
#include <csetjmp>
#include <cstdio>
#include <cstring>

#include <png.h>

using namespace mv;
using namespace mv::image;

namespace {

/// The reader and what its callbacks need. Plain data: longjmp passes over it.
struct Reader {
  png_structp png;
  png_infop info;
  const uint8_t *next;
  size_t left;
  char message[128];
};

} // namespace

static void failReading(png_structp png, png_const_charp text) {
  auto *reader = static_cast<Reader *>(png_get_error_ptr(png));
  std::snprintf(reader->message, sizeof(reader->message), "%s", text);
  png_longjmp(png, 1);
}

static void ignoreWarning(png_structp, png_const_charp) {}

static void readBytes(png_structp png, png_bytep out, size_t count) {
  auto *reader = static_cast<Reader *>(png_get_io_ptr(png));
  if (count > reader->left)
    png_error(png, "the file ends too early");
  std::memcpy(out, reader->next, count);
  reader->next += count;
  reader->left -= count;
}

/// Creates the reader and reads what stands before the pixels. False: reader.message says why not.
static bool readHeader(Reader &reader) {
  reader.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &reader, failReading, ignoreWarning);
  reader.info = reader.png ? png_create_info_struct(reader.png) : nullptr;
  if (!reader.info) {
    std::snprintf(reader.message, sizeof(reader.message), "libpng could not be started");
    return false;
  }
  if (setjmp(png_jmpbuf(reader.png)))
    return false;
  png_set_read_fn(reader.png, &reader, readBytes);
  // The limit on pixels is checked by the caller, who knows the name of the file.
  png_set_user_limits(reader.png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  png_read_info(reader.png, reader.info);
  return true;
}

static bool isGrey16(const Reader &reader) {
  return png_get_color_type(reader.png, reader.info) == PNG_COLOR_TYPE_GRAY &&
         png_get_bit_depth(reader.png, reader.info) == 16;
}

/// Asks for 8-bit RGB of every kind of PNG but 16-bit grey, and reads all rows. False: reader.message says
/// why not.
static bool readPixels(Reader &reader, png_bytepp rows) {
  if (setjmp(png_jmpbuf(reader.png)))
    return false;
  if (!isGrey16(reader)) {
    png_set_expand_gray_1_2_4_to_8(reader.png);
    png_set_palette_to_rgb(reader.png);
    png_set_strip_16(reader.png);
    png_set_gray_to_rgb(reader.png);
    png_set_strip_alpha(reader.png);
  }
  png_set_interlace_handling(reader.png);
  png_read_update_info(reader.png, reader.info);
  png_read_image(reader.png, rows);
  return true;
}

/// Pillow clips 16-bit grey to 8 bits instead of scaling it. Big-endian in the file.
static void clipGrey16(const std::vector<uint8_t> &grey, Picture &picture) {
  for (size_t i = 0, pixels = grey.size() / 2; i < pixels; ++i) {
    uint8_t value = grey[2 * i] ? 255 : grey[2 * i + 1];
    std::fill_n(&picture.rgb[3 * i], 3, value);
  }
}

static StatusOr<Picture> decodeWith(Reader &reader, const Source &source) {
  if (!readHeader(reader))
    return damaged(source, "PNG", reader.message);
  png_uint_32 width = png_get_image_width(reader.png, reader.info);
  png_uint_32 height = png_get_image_height(reader.png, reader.info);
  MV_RETURN_IF_ERROR(checkSize(source, width, height));

  Picture picture(static_cast<int>(width), static_cast<int>(height));
  bool grey16 = isGrey16(reader);
  std::vector<uint8_t> grey(grey16 ? size_t(2) * width * height : 0);
  std::vector<png_bytep> rows(height);
  for (png_uint_32 y = 0; y < height; ++y)
    rows[y] = grey16 ? &grey[size_t(2) * width * y] : picture.row(static_cast<int>(y));
  if (!readPixels(reader, rows.data()))
    return damaged(source, "PNG", reader.message);
  if (grey16)
    clipGrey16(grey, picture);
  return picture;
}

StatusOr<Picture> image::decodePNG(const Source &source) {
  Reader reader{};
  reader.next = source.data();
  reader.left = source.size();
  StatusOr<Picture> result = decodeWith(reader, source);
  png_destroy_read_struct(&reader.png, &reader.info, nullptr);
  return result;
}
