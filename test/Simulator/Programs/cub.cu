// Code of the toolkit's: CUB's reduction, scan (with its look-back between blocks) and radix sort.
#include "Check.h"

#include <algorithm>
#include <cub/cub.cuh>
#include <numeric>

template <typename Call> void withStorage(Call call) {
  void *storage = nullptr;
  size_t bytes = 0;
  CHECK(call(nullptr, bytes));
  CHECK(cudaMalloc(&storage, bytes));
  CHECK(call(storage, bytes));
  CHECK(cudaDeviceSynchronize());
  CHECK(cudaFree(storage));
}

int main() {
  const int count = 20000;
  Random random;
  std::vector<int> data(count);
  std::vector<unsigned> keys(count);
  for (int i = 0; i < count; ++i) {
    data[i] = int(random.bits() >> 22);
    keys[i] = random.bits();
  }
  int *in = toDevice(data), *out = nullptr, *sum = nullptr;
  CHECK(cudaMalloc(&out, count * sizeof(int)));
  CHECK(cudaMalloc(&sum, sizeof(int)));

  withStorage(
      [&](void *storage, size_t &bytes) { return cub::DeviceReduce::Sum(storage, bytes, in, sum, count); });
  EXPECT(toHost(sum, 1)[0] == std::accumulate(data.begin(), data.end(), 0));

  withStorage([&](void *storage, size_t &bytes) {
    return cub::DeviceScan::ExclusiveSum(storage, bytes, in, out, count);
  });
  std::vector<int> scanned(count);
  std::exclusive_scan(data.begin(), data.end(), scanned.begin(), 0);
  EXPECT(toHost(out, count) == scanned);

  unsigned *keysIn = toDevice(keys), *keysOut = nullptr;
  std::vector<int> order(count);
  std::iota(order.begin(), order.end(), 0);
  int *valuesIn = toDevice(order);
  CHECK(cudaMalloc(&keysOut, count * sizeof(unsigned)));
  withStorage([&](void *storage, size_t &bytes) {
    return cub::DeviceRadixSort::SortPairs(storage, bytes, keysIn, keysOut, valuesIn, out, count);
  });
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return keys[a] < keys[b]; });
  EXPECT(toHost(out, count) == order);
  std::sort(keys.begin(), keys.end());
  EXPECT(toHost(keysOut, count) == keys);
  for (void *pointer :
       {(void *)in, (void *)out, (void *)sum, (void *)keysIn, (void *)keysOut, (void *)valuesIn})
    CHECK(cudaFree(pointer));
  return 0;
}
