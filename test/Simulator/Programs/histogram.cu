// Atomics in shared memory, then in global memory: every block counts its part, and adds what it found to the
// total.
#include "Check.h"

constexpr int bins = 256;

__global__ void histogram(const unsigned char *data, int count, unsigned *total) {
  __shared__ unsigned local[bins];
  for (int bin = threadIdx.x; bin < bins; bin += blockDim.x)
    local[bin] = 0;
  __syncthreads();
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < count; i += gridDim.x * blockDim.x)
    atomicAdd(&local[data[i]], 1u);
  __syncthreads();
  for (int bin = threadIdx.x; bin < bins; bin += blockDim.x)
    atomicAdd(&total[bin], local[bin]);
}

__global__ void extremes(const int *data, int count, int *least, int *most, unsigned long long *sum) {
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < count; i += gridDim.x * blockDim.x) {
    atomicMin(least, data[i]);
    atomicMax(most, data[i]);
    atomicAdd(sum, (unsigned long long)data[i]);
  }
}

int main() {
  const int count = 50000;
  Random random;
  std::vector<unsigned char> data(count);
  std::vector<int> numbers(count);
  std::vector<unsigned> expected(bins, 0);
  int least = 1 << 30, most = 0;
  unsigned long long sum = 0;
  for (int i = 0; i < count; ++i) {
    data[i] = random.bits() >> 24;
    ++expected[data[i]];
    numbers[i] = random.bits() >> 10;
    least = numbers[i] < least ? numbers[i] : least;
    most = numbers[i] > most ? numbers[i] : most;
    sum += numbers[i];
  }
  unsigned char *deviceData = toDevice(data);
  unsigned *total = nullptr;
  CHECK(cudaMalloc(&total, bins * sizeof(unsigned)));
  CHECK(cudaMemset(total, 0, bins * sizeof(unsigned)));
  histogram<<<7, 128>>>(deviceData, count, total);
  CHECK(cudaGetLastError());
  EXPECT(toHost(total, bins) == expected);

  int *deviceNumbers = toDevice(numbers), *deviceLeast = toDevice(std::vector<int>{1 << 30}),
      *deviceMost = toDevice(std::vector<int>{0});
  unsigned long long *deviceSum = toDevice(std::vector<unsigned long long>{0});
  extremes<<<5, 96>>>(deviceNumbers, count, deviceLeast, deviceMost, deviceSum);
  CHECK(cudaGetLastError());
  EXPECT(toHost(deviceLeast, 1)[0] == least);
  EXPECT(toHost(deviceMost, 1)[0] == most);
  EXPECT(toHost(deviceSum, 1)[0] == sum);
  for (void *pointer : {(void *)deviceData, (void *)total, (void *)deviceNumbers, (void *)deviceLeast,
                        (void *)deviceMost, (void *)deviceSum})
    CHECK(cudaFree(pointer));
  return 0;
}
