// Bugs of the checks `memory` and `init`.
#include "Scenario.h"

#include <cuda_pipeline.h>

// Reads one element past the end: `<=` for `<`.
template <bool bug> __global__ void readPastEnd(const float *in, float *out, int count) {
  int i = threadIdx.x;
  if (bug ? i <= count : i < count)
    out[i] = in[i];
}
SCENARIO(read_past_end, "memory") {
  float *in = zeros<float>(100), *out = zeros<float>(128);
  readPastEnd<bug><<<1, 128>>>(in, out, 100);
  finish(in, out);
}

// Writes one element past the end of the grid's last block.
template <bool bug> __global__ void writePastEnd(int *out, int count) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (bug || i < count)
    out[i] = i;
}
SCENARIO(write_past_end, "memory") {
  int *out = zeros<int>(127);
  writePastEnd<bug><<<2, 64>>>(out, 127);
  finish(out);
}

// A stencil that reads before the beginning.
template <bool bug> __global__ void readBeforeStart(const int *in, int *out) {
  int i = threadIdx.x, left = bug ? i - 1 : max(i - 1, 0);
  out[i] = in[i] + in[left];
}
SCENARIO(read_before_start, "memory") {
  int *in = zeros<int>(64), *out = zeros<int>(64);
  readBeforeStart<bug><<<1, 64>>>(in, out);
  finish(in, out);
}

// A vector load from an address that is a multiple of four bytes only.
template <bool bug> __global__ void misaligned(const float *in, float4 *out) {
  out[threadIdx.x] = *reinterpret_cast<const float4 *>(in + 4 * threadIdx.x + (bug ? 1 : 4));
}
SCENARIO(misaligned_vector, "memory") {
  float *in = zeros<float>(512);
  float4 *out = zeros<float4>(32);
  misaligned<bug><<<1, 32>>>(in, out);
  finish(in, out);
}

template <bool bug> __global__ void increment(int *data) { data[threadIdx.x] += 1; }

// A pointer kept after its memory was freed.
SCENARIO(use_after_free, "memory") {
  int *data = zeros<int>(32);
  if (bug)
    CHECK(cudaFree(data));
  increment<bug><<<1, 32>>>(data);
  cudaDeviceSynchronize();
  if (!bug)
    CHECK(cudaFree(data));
}

// Memory that nobody freed.
SCENARIO(leak, "memory") {
  int *data = zeros<int>(32);
  increment<bug><<<1, 32>>>(data);
  CHECK(cudaDeviceSynchronize());
  if (!bug)
    CHECK(cudaFree(data));
}

// Dynamic shared memory that is one row too small.
template <bool bug> __global__ void sharedRows(int *out) {
  extern __shared__ int rows[];
  rows[threadIdx.y * 32 + threadIdx.x] = threadIdx.x;
  __syncthreads();
  out[threadIdx.y * 32 + threadIdx.x] = rows[threadIdx.y * 32 + 31 - threadIdx.x];
}
SCENARIO(shared_too_small, "memory") {
  int *out = zeros<int>(128);
  sharedRows<bug><<<1, dim3(32, 4), (bug ? 3 : 4) * 32 * sizeof(int)>>>(out);
  finish(out);
}

// An asynchronous copy whose last thread reads past the end of its source.
template <bool bug> __global__ void asyncPastEnd(const float4 *in, float *out, int count) {
  __shared__ float4 buffer[32];
  if (bug || threadIdx.x < count)
    __pipeline_memcpy_async(&buffer[threadIdx.x], &in[threadIdx.x], 16);
  else
    buffer[threadIdx.x] = make_float4(0, 0, 0, 0);
  __pipeline_commit();
  __pipeline_wait_prior(0);
  __syncthreads();
  out[threadIdx.x] = buffer[31 - threadIdx.x].x;
}
SCENARIO(async_past_end, "memory") {
  float4 *in = zeros<float4>(31);
  float *out = zeros<float>(32);
  asyncPastEnd<bug><<<1, 32>>>(in, out, 31);
  finish(in, out);
}

// An atomic on an index that the data gives and nobody checked.
template <bool bug> __global__ void wildBin(const int *keys, int *bins, int count) {
  int key = keys[threadIdx.x];
  if (bug || key < count)
    atomicAdd(&bins[key], 1);
}
SCENARIO(atomic_out_of_range, "memory") {
  std::vector<int> host(32);
  for (int i = 0; i < 32; ++i)
    host[i] = i;
  int *keys = toDevice(host), *bins = zeros<int>(16);
  wildBin<bug><<<1, 32>>>(keys, bins, 16);
  finish(keys, bins);
}

template <bool bug> __global__ void copy(const int *in, int *out) { out[threadIdx.x] = in[threadIdx.x] + 1; }

// A buffer that was allocated and never filled.
SCENARIO(uninitialized_buffer, "init") {
  int *in = bug ? uninitialized<int>(64) : zeros<int>(64), *out = zeros<int>(64);
  copy<bug><<<1, 64>>>(in, out);
  finish(in, out);
}

// A copy to the device that is one element short.
SCENARIO(short_copy, "init") {
  std::vector<int> host(64, 1);
  int *in = uninitialized<int>(64), *out = zeros<int>(64);
  CHECK(cudaMemcpy(in, host.data(), (bug ? 63 : 64) * sizeof(int), cudaMemcpyHostToDevice));
  copy<bug><<<1, 64>>>(in, out);
  finish(in, out);
}

// A fill that counts elements where bytes are meant.
SCENARIO(fill_too_short, "init") {
  int *in = uninitialized<int>(64), *out = zeros<int>(64);
  CHECK(cudaMemset(in, 0, bug ? 64 : 64 * sizeof(int)));
  copy<bug><<<1, 64>>>(in, out);
  finish(in, out);
}

// The halo of a tile in shared memory that no thread loads.
template <bool bug> __global__ void halo(const int *in, int *out) {
  __shared__ int tile[66];
  int i = threadIdx.x;
  tile[i + 1] = in[i];
  if (i == 0)
    tile[0] = 0;
  if (!bug && i == 63)
    tile[65] = 0;
  __syncthreads();
  out[i] = tile[i] + tile[i + 1] + tile[i + 2];
}
SCENARIO(missing_halo, "init") {
  int *in = zeros<int>(64), *out = zeros<int>(64);
  halo<bug><<<1, 64>>>(in, out);
  finish(in, out);
}

// A histogram in shared memory that starts from what was there.
template <bool bug> __global__ void sharedHistogram(const int *keys, int *bins) {
  __shared__ int local[32];
  if (!bug && threadIdx.x < 32)
    local[threadIdx.x] = 0;
  __syncthreads();
  atomicAdd(&local[keys[threadIdx.x] & 31], 1);
  __syncthreads();
  if (threadIdx.x < 32)
    atomicAdd(&bins[threadIdx.x], local[threadIdx.x]);
}
SCENARIO(bins_not_zeroed, "init") {
  int *keys = zeros<int>(128), *bins = zeros<int>(32);
  sharedHistogram<bug><<<1, 128>>>(keys, bins);
  finish(keys, bins);
}

// A swizzled tile whose writer pads its rows and whose reader does not, so that it finds words nobody wrote.
template <bool bug> __global__ void swizzle(const int *in, int *out) {
  __shared__ int tile[8 * 33];
  int row = threadIdx.y, column = threadIdx.x;
  tile[row * (bug ? 33 : 32) + (column ^ row)] = in[row * 32 + column];
  __syncthreads();
  out[row * 32 + column] = tile[row * 32 + (column ^ row)];
}
SCENARIO(wrong_swizzle_leaves_holes, "init") {
  int *in = zeros<int>(256), *out = zeros<int>(256);
  swizzle<bug><<<1, dim3(32, 8)>>>(in, out);
  finish(in, out);
}
