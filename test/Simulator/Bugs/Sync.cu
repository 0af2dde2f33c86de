// Bugs of the check `sync`, and the program's main.
#include "Scenario.h"

// A barrier that half a warp goes around.
template <bool bug> __global__ void divergentBarrier(int *out) {
  __shared__ int box[64];
  box[threadIdx.x] = threadIdx.x;
  if (bug) {
    if (threadIdx.x % 2 == 0)
      __syncthreads();
    else
      box[threadIdx.x] += 1;
  }
  __syncthreads();
  out[threadIdx.x] = box[threadIdx.x];
}
SCENARIO(divergent_barrier, "sync") {
  int *out = zeros<int>(64);
  divergentBarrier<bug><<<1, 64>>>(out);
  finish(out);
}

// A shuffle that names lanes which have gone around it, and wait for the others behind the branch.
template <bool bug> __global__ void shuffleInBranch(int *out) {
  int value = out[threadIdx.x];
  if (value + threadIdx.x < 16)
    value = __shfl_xor_sync(bug ? 0xffffffffu : 0x0000ffffu, value, 1);
  __syncwarp();
  out[threadIdx.x] = value;
}
SCENARIO(missing_lane_in_shuffle, "sync") {
  int *out = zeros<int>(32);
  shuffleInBranch<bug><<<1, 32>>>(out);
  finish(out);
}

// A vote by lanes that its mask does not name.
template <bool bug> __global__ void voteOutsideMask(unsigned *out) {
  out[threadIdx.x] = __ballot_sync(bug ? 0x0000ffffu : 0xffffffffu, threadIdx.x & 1);
}
SCENARIO(vote_outside_mask, "sync") {
  unsigned *out = zeros<unsigned>(32);
  voteOutsideMask<bug><<<1, 32>>>(out);
  finish(out);
}

// A matrix load, which takes the whole warp, by half of it.
template <bool bug> __global__ void partialMatrixLoad(unsigned *out) {
  __shared__ __align__(16) unsigned short tile[64];
  tile[threadIdx.x] = threadIdx.x;
  tile[threadIdx.x + 32] = threadIdx.x;
  __syncthreads();
  unsigned address = (unsigned)__cvta_generic_to_shared(&tile[8 * (threadIdx.x % 8)]), value = 0;
  if (!bug || threadIdx.x < 16)
    asm volatile("ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%0}, [%1];"
                 : "=r"(value)
                 : "r"(address)
                 : "memory");
  out[threadIdx.x] = value;
}
SCENARIO(partial_matrix_load, "sync") {
  unsigned *out = zeros<unsigned>(32);
  partialMatrixLoad<bug><<<1, 32>>>(out);
  finish(out);
}

// A barrier that waits for more warps than the block has.
template <bool bug> __global__ void barrierCount(int *out) {
  asm volatile("bar.sync 1, %0;" ::"r"(bug ? 96 : 64) : "memory");
  out[threadIdx.x] = threadIdx.x;
}
SCENARIO(barrier_waits_for_too_many, "sync") {
  int *out = zeros<int>(64);
  barrierCount<bug><<<1, 64>>>(out);
  finish(out);
}

// Two warps that wait for each other at different barriers.
template <bool bug> __global__ void crossedBarriers(int *out) {
  if (threadIdx.x < 32 || !bug)
    asm volatile("bar.sync 1, 64;" ::: "memory");
  else
    asm volatile("bar.sync 2, 64;" ::: "memory");
  out[threadIdx.x] = threadIdx.x;
}
SCENARIO(crossed_barriers, "sync") {
  int *out = zeros<int>(64);
  crossedBarriers<bug><<<1, 64>>>(out);
  finish(out);
}

// A barrier of a warp whose mask names a lane that waits at the block's barrier instead.
template <bool bug> __global__ void warpBarrierMask(int *out) {
  int value = out[threadIdx.x];
  if (value + threadIdx.x < 31)
    __syncwarp(bug ? 0xffffffffu : 0x7fffffffu);
  __syncthreads();
  out[threadIdx.x] = threadIdx.x;
}
SCENARIO(warp_barrier_names_absent_lane, "sync") {
  int *out = zeros<int>(64);
  warpBarrierMask<bug><<<1, 32>>>(out);
  finish(out);
}

int main(int argc, char **argv) {
  if (argc == 2 && !std::strcmp(argv[1], "--list")) {
    for (const Scenario &scenario : scenarios())
      std::printf("%s %s\n", scenario.name, scenario.check);
    return 0;
  }
  for (const Scenario &scenario : scenarios())
    if (argc >= 3 && !std::strcmp(argv[1], scenario.name)) {
      (!std::strcmp(argv[2], "planted") ? scenario.planted : scenario.correct)();
      if (argc == 4 && !std::strcmp(argv[3], "abort"))
        std::abort();
      return 0;
    }
  std::fprintf(stderr, "expected --list, or a scenario and planted or correct\n");
  return 2;
}
