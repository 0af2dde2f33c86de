// Cooperative groups: a sum in one launch, by tiles, then by blocks, then, after a barrier of the whole grid,
// by one block.
#include "Check.h"

#include <cooperative_groups.h>
#include <cooperative_groups/reduce.h>

namespace cg = cooperative_groups;

__global__ void reduce(const float *data, int count, float *partial, float *result) {
  cg::grid_group grid = cg::this_grid();
  cg::thread_block block = cg::this_thread_block();
  auto tile = cg::tiled_partition<32>(block);
  __shared__ float ofTile[32];

  float sum = 0;
  for (int i = grid.thread_rank(); i < count; i += grid.size())
    sum += data[i];
  sum = cg::reduce(tile, sum, cg::plus<float>());
  if (tile.thread_rank() == 0)
    ofTile[tile.meta_group_rank()] = sum;
  block.sync();
  if (tile.meta_group_rank() == 0) {
    sum = tile.thread_rank() < tile.meta_group_size() ? ofTile[tile.thread_rank()] : 0;
    sum = cg::reduce(tile, sum, cg::plus<float>());
    if (tile.thread_rank() == 0)
      partial[blockIdx.x] = sum;
  }
  grid.sync();
  if (blockIdx.x == 0 && tile.meta_group_rank() == 0) {
    sum = 0;
    for (int i = tile.thread_rank(); i < gridDim.x; i += 32)
      sum += partial[i];
    sum = cg::reduce(tile, sum, cg::plus<float>());
    if (tile.thread_rank() == 0)
      *result = sum;
  }
}

/// Groups by data: lanes with the same key elect one that counts for all.
__global__ void countKeys(const int *keys, int count, int *counts) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= count)
    return;
  cg::coalesced_group active = cg::coalesced_threads();
  auto same = cg::labeled_partition(active, keys[i]);
  if (same.thread_rank() == 0)
    atomicAdd(&counts[keys[i]], int(same.size()));
}

int main() {
  const int count = 20001;
  std::vector<float> data(count);
  std::vector<int> keys(count), expected(8, 0);
  Random random;
  double sum = 0;
  for (int i = 0; i < count; ++i) {
    sum += data[i] = float(int(random.bits() >> 24)); // Whole numbers: exact in any order.
    ++expected[keys[i] = random.bits() >> 29];
  }
  float *deviceData = toDevice(data), *partial = nullptr, *result = nullptr;
  CHECK(cudaMalloc(&result, sizeof(float)));
  int perMultiprocessor = 0;
  CHECK(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&perMultiprocessor, reduce, 128, 0));
  EXPECT(perMultiprocessor >= 1);
  int blocks = 12;
  CHECK(cudaMalloc(&partial, blocks * sizeof(float)));
  int n = count;
  void *arguments[] = {&deviceData, &n, &partial, &result};
  CHECK(cudaLaunchCooperativeKernel((void *)reduce, dim3(blocks), dim3(128), arguments, 0, nullptr));
  CHECK(cudaDeviceSynchronize());
  EXPECT(toHost(result, 1)[0] == float(sum));

  int *deviceKeys = toDevice(keys), *counts = toDevice(std::vector<int>(8, 0));
  countKeys<<<(count + 127) / 128, 128>>>(deviceKeys, count, counts);
  CHECK(cudaGetLastError());
  EXPECT(toHost(counts, 8) == expected);
  for (void *pointer :
       {(void *)deviceData, (void *)partial, (void *)result, (void *)deviceKeys, (void *)counts})
    CHECK(cudaFree(pointer));
  return 0;
}
