/*===- Kernels.c - What a compiler would have put into a package ---------------===*\
|*
|* Compiled for each instruction set, with LEVEL its number, and linked to a flat file that begins with a
table of
|* the functions' offsets. Each computes the workgroups [begin, end) of its grid.
|*
\*===----------------------------------------------------------------------===*/

typedef long long int64;

enum { CHANNELS = 3, PIXELS = 20, ELEMENTS = CHANNELS * PIXELS, GROUP = 7, SUMMARY = 4, IMAGES = 3 };

__asm__(".pushsection .table, \"a\"\n"
        "table: .long scale - table, centre_sum - table, centre_subtract - table, summary - table\n"
        "  .long scale_bytes - table\n"
        ".popsection\n");

/* The 64 bytes after the end of what a kernel reads must be readable. */
static void touch_after(const float *end) { (void)*(const volatile float *)(end + 15); }

static int64 smaller(int64 a, int64 b) { return a < b ? a : b; }

/* result = input * factors[channel]; a workgroup is GROUP elements of the whole batch. */
void scale(void *const *buffers, int64 batch, int64 begin, int64 end, void *scratch) {
  const float *input = buffers[0], *factors = buffers[1];
  float *result = buffers[2];
  const int aligned = (int64)input % 64 == 0 && (int64)factors % 64 == 0 && (int64)result % 64 == 0;
  for (int64 i = begin * GROUP; i < smaller(end * GROUP, batch * ELEMENTS); ++i)
    result[i] = aligned ? input[i] * factors[i / PIXELS % CHANNELS] : -1000;
  touch_after(input + batch * ELEMENTS);
  touch_after(factors + CHANNELS);
}

/* The sum of one half of an image: two workgroups an image. */
void centre_sum(void *const *buffers, int64 batch, int64 begin, int64 end, void *scratch) {
  const float *input = buffers[0];
  float *workspace = buffers[2];
  for (int64 half = begin; half < end; ++half) {
    float sum = 0;
    for (int64 i = 0; i < ELEMENTS / 2; ++i)
      sum += input[half * (ELEMENTS / 2) + i];
    workspace[half] = sum;
  }
}

void centre_subtract(void *const *buffers, int64 batch, int64 begin, int64 end, void *scratch) {
  const float *input = buffers[0], *workspace = buffers[2];
  float *result = buffers[1];
  for (int64 i = begin * GROUP; i < smaller(end * GROUP, batch * ELEMENTS); ++i) {
    const float *sums = workspace + i / ELEMENTS * 2;
    result[i] = input[i] - (sums[0] + sums[1]) / ELEMENTS;
  }
}

/* Of each image: the level compiled for; the sum of what scale() computed, by way of the scratch memory; the
   centred image's last element; 0, or which of the promises about memory was broken. A workgroup is IMAGES
   images. */
void summary(void *const *buffers, int64 batch, int64 begin, int64 end, void *scratch) {
  const float *scaled = buffers[0], *centred = buffers[1];
  float *result = buffers[2];
  volatile float *memory = scratch;
  for (int64 image = begin * IMAGES; image < smaller(end * IMAGES, batch); ++image) {
    float sum = 0;
    for (int round = 0; round < 200; ++round) /* Long enough for another worker to interfere. */
      for (int i = 0; i < 250; ++i)
        memory[i] = i < ELEMENTS ? scaled[image * ELEMENTS + i] : 0;
    for (int i = 0; i < 250; ++i)
      sum += memory[i];
    float broken = 0;
    for (int buffer = 0; buffer < 3; ++buffer)
      if ((int64)buffers[buffer] % 64 != 0)
        broken = 1 + buffer;
    if ((int64)scratch % 64 != 0)
      broken = 9;
    result[image * SUMMARY + 0] = LEVEL;
    result[image * SUMMARY + 1] = sum;
    result[image * SUMMARY + 2] = centred[image * ELEMENTS + ELEMENTS - 1];
    result[image * SUMMARY + 3] = broken;
  }
  touch_after(scaled + batch * ELEMENTS);
  touch_after(centred + batch * ELEMENTS);
}

/* As scale(), of pictures: bytes, channel by channel of one pixel after the other. */
void scale_bytes(void *const *buffers, int64 batch, int64 begin, int64 end, void *scratch) {
  const unsigned char *input = buffers[0];
  const float *factors = buffers[1];
  float *result = buffers[2];
  for (int64 i = begin * GROUP; i < smaller(end * GROUP, batch * ELEMENTS); ++i) {
    int64 channel = i / PIXELS % CHANNELS, pixel = i % PIXELS;
    result[i] = input[i / ELEMENTS * ELEMENTS + pixel * CHANNELS + channel] * factors[channel];
  }
}
