// Bugs of the check `race`.
#include "Scenario.h"

#include <cooperative_groups.h>
#include <cuda_pipeline.h>

// A tree reduction in shared memory without the barrier between its levels.
template <bool bug> __global__ void treeSum(const int *in, int *out) {
  __shared__ int part[128];
  part[threadIdx.x] = in[threadIdx.x];
  __syncthreads();
  for (int step = 64; step > 0; step /= 2) {
    if (threadIdx.x < step)
      part[threadIdx.x] += part[threadIdx.x + step];
    if (!bug)
      __syncthreads();
  }
  if (threadIdx.x == 0)
    *out = part[0];
}
SCENARIO(dropped_barrier, "race") {
  int *in = zeros<int>(128), *out = zeros<int>(1);
  treeSum<bug><<<1, 128>>>(in, out);
  finish(in, out);
}

// The barrier that keeps the next tile from overwriting this one while it is still read.
template <bool bug> __global__ void tiles(const int *in, int *out) {
  __shared__ int tile[64];
  int sum = 0;
  for (int t = 0; t < 4; ++t) {
    tile[threadIdx.x] = in[t * 64 + threadIdx.x];
    __syncthreads();
    sum += tile[63 - threadIdx.x];
    if (!bug)
      __syncthreads();
  }
  out[threadIdx.x] = sum;
}
SCENARIO(overwritten_while_read, "race") {
  int *in = zeros<int>(256), *out = zeros<int>(64);
  tiles<bug><<<1, 64>>>(in, out);
  finish(in, out);
}

// An exchange within a warp that trusts the lanes to run in step.
template <bool bug> __global__ void warpExchange(int *out) {
  __shared__ int box[32];
  box[threadIdx.x] = threadIdx.x;
  if (!bug)
    __syncwarp();
  out[threadIdx.x] = box[threadIdx.x ^ 1];
}
SCENARIO(missing_syncwarp, "race") {
  int *out = zeros<int>(32);
  warpExchange<bug><<<1, 32>>>(out);
  finish(out);
}

// A counter in global memory that blocks raise without an atomic.
template <bool bug> __global__ void count(int *counter) {
  if (threadIdx.x == 0) {
    if (bug)
      *counter += 1;
    else
      atomicAdd(counter, 1);
  }
}
SCENARIO(plain_increment, "race") {
  int *counter = zeros<int>(1);
  count<bug><<<8, 32>>>(counter);
  finish(counter);
}

// A message from one block to another, whose flag is raised without a fence before it.
template <bool bug> __global__ void message(int *data, int *flag, int *out) {
  if (threadIdx.x != 0)
    return;
  if (blockIdx.x == 0) {
    data[0] = 42;
    if (!bug)
      __threadfence();
    atomicExch(flag, 1);
  } else if (blockIdx.x == 1) {
    while (atomicAdd(flag, 0) == 0) {
    }
    if (!bug)
      __threadfence();
    out[0] = data[0];
  }
}
SCENARIO(missing_fence, "race") {
  int *data = zeros<int>(1), *flag = zeros<int>(1), *out = zeros<int>(1);
  message<bug><<<2, 32>>>(data, flag, out);
  finish(data, flag, out);
}

// Two blocks whose parts of the output overlap by one element.
template <bool bug> __global__ void overlap(int *out) {
  out[blockIdx.x * (bug ? 63 : 64) + threadIdx.x] = blockIdx.x;
}
SCENARIO(overlapping_blocks, "race") {
  int *out = zeros<int>(256);
  overlap<bug><<<4, 64>>>(out);
  finish(out);
}

// A plain store among atomics.
template <bool bug> __global__ void reset(int *counter) {
  if (bug && blockIdx.x == 1 && threadIdx.x == 0)
    *counter = 0;
  atomicAdd(counter, 1);
}
SCENARIO(store_among_atomics, "race") {
  int *counter = zeros<int>(1);
  reset<bug><<<2, 32>>>(counter);
  finish(counter);
}

// Two phases of a cooperative kernel without the barrier of the grid between them.
template <bool bug> __global__ void phases(int *middle, int *out) {
  int i = blockIdx.x * blockDim.x + threadIdx.x, count = gridDim.x * blockDim.x;
  middle[i] = i;
  if (!bug)
    cooperative_groups::this_grid().sync();
  out[i] = middle[count - 1 - i];
}
SCENARIO(dropped_grid_barrier, "race") {
  int *middle = zeros<int>(256), *out = zeros<int>(256);
  void *arguments[] = {&middle, &out};
  CHECK(cudaLaunchCooperativeKernel((void *)phases<bug>, dim3(4), dim3(64), arguments, 0, nullptr));
  finish(middle, out);
}

// Named barriers: the consumers wait at one the producers never reach.
template <bool bug> __global__ void namedBarriers(int *out) {
  __shared__ int box[32];
  if (threadIdx.x < 32) {
    box[threadIdx.x] = threadIdx.x;
    asm volatile("bar.arrive 1, 64;" ::: "memory");
    if (bug)
      asm volatile("bar.arrive 2, 64;" ::: "memory");
  } else if (bug) {
    // The wrong one was filled before the data was written: by the arrival below, of the previous round.
    asm volatile("bar.sync 3, 32;" ::: "memory");
    out[threadIdx.x - 32] = box[threadIdx.x - 32];
    asm volatile("bar.sync 1, 64;" ::: "memory");
    asm volatile("bar.sync 2, 64;" ::: "memory");
  } else {
    asm volatile("bar.sync 1, 64;" ::: "memory");
    out[threadIdx.x - 32] = box[threadIdx.x - 32];
  }
}
SCENARIO(wrong_named_barrier, "race") {
  int *out = zeros<int>(32);
  namedBarriers<bug><<<1, 64>>>(out);
  finish(out);
}

// The pipelines: `in` comes in tiles through a ring of stages in shared memory.
constexpr int tile = 64, stages = 3, tileCount = 6;

template <int fault> __global__ void pipeline(const float4 *in, float *out) {
  constexpr bool noWait = fault == 1, waitOffByOne = fault == 2, noCommit = fault == 3,
                 noBarrier = fault == 4, stageTwice = fault == 5;
  __shared__ float4 ring[stages][tile];
  auto fetch = [&](int t) {
    int stage = stageTwice ? t % (stages - 1) : t % stages;
    if (t < tileCount)
      __pipeline_memcpy_async(&ring[stage][threadIdx.x], &in[t * tile + threadIdx.x], 16);
    if (!noCommit)
      __pipeline_commit();
  };
  float sum = 0;
  for (int t = 0; t < stages - 1; ++t)
    fetch(t);
  for (int t = 0; t < tileCount; ++t) {
    if (!noWait)
      __pipeline_wait_prior(waitOffByOne ? stages - 1 : stages - 2);
    if (!noBarrier)
      __syncthreads();
    // With three stages the tile fetched now takes the place of the one read in the last round.
    fetch(t + stages - 1);
    int stage = stageTwice ? t % (stages - 1) : t % stages;
    sum += ring[stage][noBarrier ? tile - 1 - threadIdx.x : threadIdx.x ^ 1].x;
  }
  out[threadIdx.x] = sum;
}
template <int fault> void runPipeline() {
  float4 *in = zeros<float4>(tile * tileCount);
  float *out = zeros<float>(tile);
  pipeline<fault><<<1, tile>>>(in, out);
  finish(in, out);
}
SCENARIO(missing_wait, "race") { runPipeline<bug ? 1 : 0>(); }
SCENARIO(wait_off_by_one, "race") { runPipeline<bug ? 2 : 0>(); }
SCENARIO(missing_commit, "race") { runPipeline<bug ? 3 : 0>(); }
SCENARIO(pipeline_without_barrier, "race") { runPipeline<bug ? 4 : 0>(); }
SCENARIO(stage_used_twice, "race") { runPipeline<bug ? 5 : 0>(); }

// A swizzle that maps two lanes of a row to one word.
template <bool bug> __global__ void collide(int *out) {
  __shared__ int row[32];
  row[bug ? threadIdx.x & ~1 : threadIdx.x ^ 5] = threadIdx.x;
  __syncthreads();
  if (!bug || threadIdx.x % 2 == 0)
    out[threadIdx.x] = row[bug ? threadIdx.x : threadIdx.x ^ 5];
}
SCENARIO(wrong_swizzle_collides, "race") {
  int *out = zeros<int>(32);
  collide<bug><<<1, 32>>>(out);
  finish(out);
}
