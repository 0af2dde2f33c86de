// Failures are the driver's: a bad launch is refused, an illegal access kills the context, and everything
// after says so.
#include "Check.h"

#include <cstring>

__global__ void write(int *at, int value) { *at = value; }
__global__ void stop() { __trap(); }

int main(int argc, char **argv) {
  const char *what = argc > 1 ? argv[1] : "";
  int *memory = nullptr;
  CHECK(cudaMalloc(&memory, 4));
  if (!std::strcmp(what, "configuration")) {
    write<<<1, 2048>>>(memory, 1);
    EXPECT(cudaGetLastError() == cudaErrorInvalidConfiguration);
    write<<<0, 32>>>(memory, 1);
    EXPECT(cudaGetLastError() == cudaErrorInvalidConfiguration);
    write<<<1, 32, 1 << 20>>>(memory, 1);
    EXPECT(cudaGetLastError() == cudaErrorInvalidValue);
    int value = 1;
    void *arguments[] = {&memory, &value};
    EXPECT(cudaLaunchCooperativeKernel((void *)write, dim3(1 << 20), dim3(1024), arguments, 0, nullptr) ==
           cudaErrorCooperativeLaunchTooLarge);
    EXPECT(cudaGetLastError() == cudaErrorCooperativeLaunchTooLarge);
    int overlapping[4] = {};
    EXPECT(cudaMemcpy(overlapping, memory, 1 << 20, cudaMemcpyDeviceToHost) == cudaErrorInvalidValue);
    EXPECT(cudaMemcpy(memory, overlapping, 4, cudaMemcpyDeviceToHost) == cudaErrorInvalidValue);
    EXPECT(cudaMemcpy(memory, overlapping, 4, (cudaMemcpyKind)9) == cudaErrorInvalidMemcpyDirection);
    void *nothing = nullptr;
    EXPECT(cudaMalloc(&nothing, size_t(1) << 50) == cudaErrorMemoryAllocation && !nothing);
    cudaGetLastError();
    write<<<1, 1>>>(memory, 1); // None of these hurts the context.
    CHECK(cudaDeviceSynchronize());
    EXPECT(toHost(memory, 1)[0] == 1);
    CHECK(cudaFree(memory));
    EXPECT(cudaFree(memory) == cudaErrorInvalidValue);
    return 0;
  }
  cudaError_t expected = cudaErrorLaunchFailure;
  if (!std::strcmp(what, "address")) {
    write<<<1, 1>>>((int *)0x7000, 1);
    expected = cudaErrorIllegalAddress;
  } else if (!std::strcmp(what, "alignment")) {
    write<<<1, 1>>>((int *)((char *)memory + 1), 1);
    expected = cudaErrorMisalignedAddress;
  } else {
    stop<<<1, 1>>>();
  }
  EXPECT(cudaDeviceSynchronize() == expected);
  EXPECT(cudaFree(memory) == expected); // Sticky.
  return 0;
}
