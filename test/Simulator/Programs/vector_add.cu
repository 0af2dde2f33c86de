// The smallest program: three allocations, two copies in, one launch whose last block is partly idle, one
// copy out.
#include "Check.h"

__global__ void add(const float *a, const float *b, float *c, int count) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < count)
    c[i] = a[i] + b[i];
}

int main() {
  const int count = 10000;
  std::vector<float> a(count), b(count);
  Random random;
  for (int i = 0; i < count; ++i) {
    a[i] = random.unit();
    b[i] = random.unit();
  }
  float *deviceA = toDevice(a), *deviceB = toDevice(b), *deviceC = nullptr;
  CHECK(cudaMalloc(&deviceC, count * sizeof(float)));
  add<<<(count + 255) / 256, 256>>>(deviceA, deviceB, deviceC, count);
  CHECK(cudaGetLastError());
  CHECK(cudaDeviceSynchronize());
  std::vector<float> c = toHost(deviceC, count);
  for (int i = 0; i < count; ++i)
    EXPECT(c[i] == a[i] + b[i]);
  CHECK(cudaFree(deviceA));
  CHECK(cudaFree(deviceB));
  CHECK(cudaFree(deviceC));
  return 0;
}
