// Two devices in one process, each used by a host thread of its own, and a copy between them.
#include "Check.h"

#include <thread>

__global__ void fill(int *data, int value) {
  data[blockIdx.x * blockDim.x + threadIdx.x] = value + int(threadIdx.x);
}

int main() {
  const int count = 512;
  int devices = 0;
  CHECK(cudaGetDeviceCount(&devices));
  EXPECT(devices == 2);
  EXPECT(cudaSetDevice(2) == cudaErrorInvalidDevice);
  EXPECT(cudaGetLastError() == cudaErrorInvalidDevice);
  int *data[2] = {};
  auto work = [&](int device) {
    CHECK(cudaSetDevice(device));
    CHECK(cudaMalloc(&data[device], count * sizeof(int)));
    cudaStream_t stream;
    CHECK(cudaStreamCreate(&stream));
    for (int i = 0; i < 20; ++i)
      fill<<<count / 128, 128, 0, stream>>>(data[device], 1000 * device + i);
    CHECK(cudaStreamSynchronize(stream));
    CHECK(cudaStreamDestroy(stream));
  };
  std::thread first(work, 0), second(work, 1);
  first.join();
  second.join();
  for (int device = 0; device < 2; ++device) {
    CHECK(cudaSetDevice(device));
    cudaPointerAttributes attributes;
    CHECK(cudaPointerGetAttributes(&attributes, data[device]));
    EXPECT(attributes.device == device && attributes.type == cudaMemoryTypeDevice);
    std::vector<int> found = toHost(data[device], count);
    for (int i = 0; i < count; ++i)
      EXPECT(found[i] == 1000 * device + 19 + i % 128);
  }
  CHECK(cudaMemcpyPeer(data[0], 0, data[1], 1, count * sizeof(int)));
  EXPECT(toHost(data[0], count)[5] == 1024);
  // A kernel of one device cannot reach the other's memory.
  int can = 1;
  CHECK(cudaDeviceCanAccessPeer(&can, 0, 1));
  EXPECT(can == 0);
  CHECK(cudaFree(data[0]));
  CHECK(cudaFree(data[1]));
  return 0;
}
