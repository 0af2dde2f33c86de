// What the checks `phases` and `sectors` are for: right results, slowly.
#include "Scenario.h"

// A transposition whose tile has no padding column: all lanes of a warp read one bank.
template <bool bug> __global__ void transpose(float *out, const float *in) {
  __shared__ float tile[32][bug ? 32 : 33];
  for (unsigned row = threadIdx.y; row < 32; row += blockDim.y)
    tile[row][threadIdx.x] = in[row * 32 + threadIdx.x];
  __syncthreads();
  for (unsigned row = threadIdx.y; row < 32; row += blockDim.y)
    out[row * 32 + threadIdx.x] = tile[threadIdx.x][row];
}
SCENARIO(unpadded_transposition, "phases") {
  float *in = zeros<float>(1024), *out = zeros<float>(1024);
  transpose<bug><<<1, dim3(32, 8)>>>(out, in);
  finish(in, out);
}

// Structures of four, of which one member is read where they lie; or an array of that member.
template <bool bug> __global__ void member(float *out, const float *in) {
  unsigned i = threadIdx.x;
  out[i] = in[bug ? 4 * i : i];
}
SCENARIO(array_of_structures, "sectors") {
  float *in = zeros<float>(1024), *out = zeros<float>(256);
  member<bug><<<1, 256>>>(out, in);
  finish(in, out);
}
