// A pipeline of asynchronous copies: while a block works on one tile in shared memory, the next ones are on
// their way. Once with the primitives (commit and wait by count), once with cuda::pipeline, once with
// cuda::barrier.
#include "Check.h"

#include <cooperative_groups.h>
#include <cuda/barrier>
#include <cuda/pipeline>
#include <cuda_pipeline.h>

namespace cg = cooperative_groups;
constexpr int tile = 128, stages = 3;

__global__ void byCount(const float4 *in, float *out, int tiles) {
  __shared__ float4 buffer[stages][tile];
  auto fetch = [&](int t) {
    if (t < tiles)
      __pipeline_memcpy_async(&buffer[t % stages][threadIdx.x], &in[t * tile + threadIdx.x], sizeof(float4));
    __pipeline_commit(); // An empty group keeps the count simple.
  };
  for (int t = 0; t < stages - 1; ++t)
    fetch(t);
  float sum = 0;
  for (int t = 0; t < tiles; ++t) {
    __pipeline_wait_prior(stages - 2);
    __syncthreads();
    float4 value = buffer[t % stages][tile - 1 - threadIdx.x]; // Another thread's copy.
    sum += value.x + value.y + value.z + value.w;
    __syncthreads();
    fetch(t + stages - 1);
  }
  out[threadIdx.x] = sum;
}

__global__ void byPipeline(const float *in, float *out, int tiles) {
  __shared__ float buffer[2][tile];
  __shared__ cuda::pipeline_shared_state<cuda::thread_scope_block, 2> state;
  cg::thread_block block = cg::this_thread_block();
  auto pipeline = cuda::make_pipeline(block, &state);
  float sum = 0;
  int fetched = 0;
  for (int t = 0; t < tiles; ++t) {
    for (; fetched < tiles && fetched < t + 2; ++fetched) {
      pipeline.producer_acquire();
      cuda::memcpy_async(block, buffer[fetched % 2], in + fetched * tile, sizeof(float) * tile, pipeline);
      pipeline.producer_commit();
    }
    pipeline.consumer_wait();
    sum += buffer[t % 2][tile - 1 - threadIdx.x];
    pipeline.consumer_release();
  }
  out[threadIdx.x] = sum;
}

__global__ void byBarrier(const float *in, float *out) {
  __shared__ float buffer[tile];
  __shared__ cuda::barrier<cuda::thread_scope_block> barrier;
  cg::thread_block block = cg::this_thread_block();
  if (block.thread_rank() == 0)
    init(&barrier, block.size());
  block.sync();
  cuda::memcpy_async(block, buffer, in, sizeof(float) * tile, barrier);
  barrier.arrive_and_wait();
  out[threadIdx.x] = buffer[tile - 1 - threadIdx.x];
}

int main() {
  const int tiles = 9;
  Random random;
  std::vector<float> data(tiles * tile * 4);
  for (float &value : data)
    value = float(int(random.bits() >> 26));
  float *in = toDevice(data), *out = nullptr;
  CHECK(cudaMalloc(&out, tile * sizeof(float)));

  byCount<<<1, tile>>>((const float4 *)in, out, tiles);
  CHECK(cudaGetLastError());
  std::vector<float> found = toHost(out, tile);
  for (int i = 0; i < tile; ++i) {
    float sum = 0;
    for (int t = 0; t < tiles; ++t)
      for (int k = 0; k < 4; ++k)
        sum += data[(t * tile + tile - 1 - i) * 4 + k];
    EXPECT(found[i] == sum);
  }

  byPipeline<<<1, tile>>>(in, out, tiles);
  CHECK(cudaGetLastError());
  found = toHost(out, tile);
  for (int i = 0; i < tile; ++i) {
    float sum = 0;
    for (int t = 0; t < tiles; ++t)
      sum += data[t * tile + tile - 1 - i];
    EXPECT(found[i] == sum);
  }

  byBarrier<<<1, tile>>>(in, out);
  CHECK(cudaGetLastError());
  found = toHost(out, tile);
  for (int i = 0; i < tile; ++i)
    EXPECT(found[i] == data[tile - 1 - i]);
  CHECK(cudaFree(in));
  CHECK(cudaFree(out));
  return 0;
}
