// The kernels of TestModel.h for GPUs: compiled to PTX by the build.
typedef float f32;
#define KERNEL __attribute__((nvptx_kernel)) void
#define GLOBAL __attribute__((address_space(1)))
enum { kPixels = 20, kElements = 60 };

static int globalIndex(void) {
  return __nvvm_read_ptx_sreg_ctaid_x() * __nvvm_read_ptx_sreg_ntid_x() + __nvvm_read_ptx_sreg_tid_x();
}

/// Blocks of 32 elements.
KERNEL scale(const f32 *image, const f32 *factors, f32 *result, int batch) {
  int i = globalIndex();
  if (i < batch * kElements)
    result[i] = image[i] * factors[i % kElements / kPixels];
}

/// Two blocks for an image: the sums of its halves.
KERNEL centreSum(const f32 *image, f32 *result, f32 *workspace, int batch) {
  (void)result;
  (void)batch;
  int block = __nvvm_read_ptx_sreg_ctaid_x();
  if (__nvvm_read_ptx_sreg_tid_x() != 0)
    return;
  f32 sum = 0;
  for (int i = 0; i < kElements / 2; ++i)
    sum += image[block * (kElements / 2) + i];
  workspace[block] = sum;
}

KERNEL centreSubtract(const f32 *image, f32 *result, const f32 *workspace, int batch) {
  int i = globalIndex();
  if (i >= batch * kElements)
    return;
  const f32 *halves = workspace + i / kElements * 2;
  result[i] = image[i] - (halves[0] + halves[1]) / kElements;
}

/// A thread for an image.
KERNEL summary(const f32 *image, const f32 *centred, f32 *result, int batch) {
  int i = globalIndex();
  if (i >= batch)
    return;
  f32 sum = 0;
  for (int k = 0; k < kElements; ++k)
    sum += image[i * kElements + k];
  result[i * 4] = 80;
  result[i * 4 + 1] = sum;
  result[i * 4 + 2] = centred[i * kElements + kElements - 1];
  result[i * 4 + 3] = 0;
}
