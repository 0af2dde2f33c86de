// A runtime program that fetches driver functions by name, as libraries do, and works in the runtime's
// context.
#include "Check.h"

#include <cuda.h>

int main() {
  void *pointer = nullptr;
  cudaDriverEntryPointQueryResult status;
  CHECK(cudaFree(nullptr)); // Makes the context.
  CHECK(cudaGetDriverEntryPointByVersion("cuMemAlloc", &pointer, 12000, cudaEnableDefault, &status));
  EXPECT(status == cudaDriverEntryPointSuccess && pointer);
  CUdeviceptr memory = 0;
  EXPECT(reinterpret_cast<CUresult (*)(CUdeviceptr *, size_t)>(pointer)(&memory, 256) == CUDA_SUCCESS);
  CHECK(cudaMemset(reinterpret_cast<void *>(memory), 1, 256));
  CHECK(cudaGetDriverEntryPointByVersion("cuTensorMapEncodeTiled", &pointer, 12000, cudaEnableDefault,
                                         &status));
  EXPECT(status == cudaDriverEntryPointSuccess && pointer);
  // There, and honest about it.
  EXPECT(reinterpret_cast<CUresult (*)()>(pointer)() == CUDA_ERROR_NOT_SUPPORTED);
  CHECK(cudaGetDriverEntryPointByVersion("cuNothing", &pointer, 12000, cudaEnableDefault, &status));
  EXPECT(status == cudaDriverEntryPointSymbolNotFound && !pointer);
  CHECK(cudaFree(reinterpret_cast<void *>(memory)));
  return 0;
}
