// What CUDA C++ compiles to beyond the ordinary: intrinsics, double precision, half types, 64-bit and 128-bit
// integers, local arrays, calls through pointers, recursion, atomics of every width, generic addresses. Each
// result against the host's.
#include "Check.h"

#include <cstdint>
#include <cstring>
#include <cuda/atomic>
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_fp8.h>

constexpr int count = 256;

// One kernel for all that maps a word to a word: the functions are compiled for both sides.
struct Bits {
  static __device__ uint32_t device(uint32_t x, uint32_t y) {
    uint32_t r = __brev(x) ^ __byte_perm(x, y, 0x5140) ^ __funnelshift_l(x, y, x & 31) ^ (__popc(x) << 8) ^
                 __clz(x) ^ (__ffs(y) << 4) ^ __umulhi(x, y) ^ uint32_t(__mulhi(int(x), int(y))) ^
                 __usad(x, y, 7u);
    return r ^ uint32_t(__dp4a(int(x), int(y), 5));
  }
  static uint32_t host(uint32_t x, uint32_t y) {
    uint32_t reversed = 0, permuted = (x & 0xff) | ((y & 0xff) << 8) | (x & 0xff00) << 8 | (y & 0xff00) << 16;
    for (int i = 0; i < 32; ++i)
      reversed |= ((x >> i) & 1) << (31 - i);
    uint64_t both = (uint64_t(y) << 32 | x) << (x & 31);
    int32_t dot = 5;
    for (int i = 0; i < 4; ++i)
      dot += int32_t(int8_t(x >> (8 * i))) * int8_t(y >> (8 * i));
    uint32_t high = uint32_t(uint64_t(x) * y >> 32),
             signedHigh = uint32_t(int64_t(int32_t(x)) * int32_t(y) >> 32);
    uint32_t r = reversed ^ permuted ^ uint32_t(both >> 32) ^ (uint32_t(__builtin_popcount(x)) << 8) ^
                 (x ? uint32_t(__builtin_clz(x)) : 32) ^ (uint32_t(__builtin_ffs(int(y))) << 4) ^ high ^
                 signedHigh ^ ((x > y ? x - y : y - x) + 7);
    return r ^ uint32_t(dot);
  }
};

struct Wide {
  static __host__ __device__ uint32_t mix(uint32_t x, uint32_t y) {
    uint64_t a = uint64_t(x) << 32 | y, b = uint64_t(y) << 29 ^ x;
    __int128 product = __int128(int64_t(a)) * int64_t(b | 1);
    uint64_t quotient = a / (b | 1), remainder = a % (b | 3);
    int64_t negative = int64_t(a) / -int64_t(b % 1000 + 1);
    return uint32_t(product >> 70) ^ uint32_t(quotient) ^ uint32_t(remainder) ^ uint32_t(negative) ^
           uint32_t(negative >> 32);
  }
  static __device__ uint32_t device(uint32_t x, uint32_t y) { return mix(x, y); }
  static uint32_t host(uint32_t x, uint32_t y) { return mix(x, y); }
};

struct Doubles {
  static __host__ __device__ uint32_t hash(double value) {
    uint64_t bits;
    memcpy(&bits, &value, 8);
    return uint32_t(bits) ^ uint32_t(bits >> 32);
  }
  // Division, square root and remainder are exact: nvcc makes subroutines of them.
  static __host__ __device__ uint32_t mix(uint32_t x, uint32_t y) {
    double a = double(int32_t(x)) / 1024.0, b = double(y) * 0.001 + 1.0;
    float c = float(int32_t(x)) / 3.0f, d = sqrtf(float(y));
    return hash(a / b) ^ hash(sqrt(b)) ^ hash(fma(a, b, 3.0)) ^ hash(c) ^ hash(d) ^ hash(double(int64_t(a))) ^
           hash(floor(a)) ^ hash(rint(a)) ^ uint32_t(int32_t(c)) ^ hash(fmod(b, 7.0)) ^ hash(fmax(a, b)) ^
           hash(ldexp(a, 5));
  }
  static __device__ uint32_t device(uint32_t x, uint32_t y) { return mix(x, y); }
  static uint32_t host(uint32_t x, uint32_t y) { return mix(x, y); }
};

struct Halves {
  static __host__ __device__ uint32_t bits(__half value) { return __half_as_ushort(value); }
  static __host__ __device__ uint32_t mix(uint32_t x, uint32_t y) {
    float a = float(int32_t(x) >> 16) / 64.0f, b = float(int32_t(y) >> 16) / 128.0f;
    __half h = __float2half_rn(a), k = __float2half_rn(b);
    __nv_bfloat16 g = __float2bfloat16_rn(a), l = __float2bfloat16_rn(b);
    uint32_t r = bits(__hadd(h, k)) ^ bits(__hmul(h, k)) << 8 ^ bits(__hsub(k, h)) << 16 ^
                 bits(__float2half_rz(a)) << 3;
    r ^= uint32_t(__bfloat16_as_ushort(__hadd(g, l))) << 5 ^ uint32_t(__bfloat16_as_ushort(__hmul(g, l)))
                                                                 << 11;
    __nv_fp8_e4m3 small(a);
    __nv_fp8_e5m2 wide(b);
    return r ^ uint32_t(small.__x) << 24 ^ uint32_t(wide.__x) << 2 ^ uint32_t(__half2int_rz(k)) ^
           uint32_t(int32_t(float(small))) ^ __hlt(h, k);
  }
  static __device__ uint32_t device(uint32_t x, uint32_t y) { return mix(x, y); }
  static uint32_t host(uint32_t x, uint32_t y) { return mix(x, y); }
};

struct Calls {
  static __host__ __device__ __noinline__ uint32_t fold(uint32_t x, int depth) {
    return depth == 0 ? x : x * 31 ^ fold(x >> 1, depth - 1) ^ (x & 1 ? fold(x >> 2, depth - 1) : 5);
  }
  static __host__ __device__ __noinline__ uint32_t first(uint32_t x) { return x + 17; }
  static __host__ __device__ __noinline__ uint32_t second(uint32_t x) { return x * 3; }
  static __host__ __device__ uint32_t mix(uint32_t x, uint32_t y) {
    uint32_t (*chosen[2])(uint32_t) = {first, second};
    uint32_t sorted[8];
    for (int i = 0; i < 8; ++i)
      sorted[i] = (x >> (4 * i)) ^ (y << i);
    for (int i = 1; i < 8; ++i) // An index that is not known when compiling: the array is in local memory.
      for (int k = i; k > 0 && sorted[k - 1] > sorted[k]; --k) {
        uint32_t t = sorted[k];
        sorted[k] = sorted[k - 1];
        sorted[k - 1] = t;
      }
    return fold(x, 5) ^ chosen[y & 1](x) ^ sorted[x & 7] ^ sorted[y & 7] << 9;
  }
  static __device__ uint32_t device(uint32_t x, uint32_t y) { return mix(x, y); }
  static uint32_t host(uint32_t x, uint32_t y) { return mix(x, y); }
};

template <typename F> __global__ void map(const uint32_t *x, const uint32_t *y, uint32_t *out) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  out[i] = F::device(x[i], y[i]);
}

template <typename F> void compare(const char *name) {
  Random random;
  std::vector<uint32_t> x(count), y(count);
  for (int i = 0; i < count; ++i) {
    x[i] = i < 4 ? i - 1 : random.bits() >> (i % 24);
    y[i] = i < 4 ? 3 - i : random.bits() >> (i % 9);
  }
  uint32_t *deviceX = toDevice(x), *deviceY = toDevice(y), *out = toDevice(std::vector<uint32_t>(count));
  map<F><<<2, count / 2>>>(deviceX, deviceY, out);
  CHECK(cudaGetLastError());
  std::vector<uint32_t> found = toHost(out, count);
  for (int i = 0; i < count; ++i)
    if (found[i] != F::host(x[i], y[i])) {
      std::fprintf(stderr, "%s of %08x, %08x: expected %08x, found %08x\n", name, x[i], y[i],
                   F::host(x[i], y[i]), found[i]);
      std::exit(1);
    }
  for (uint32_t *pointer : {deviceX, deviceY, out})
    CHECK(cudaFree(pointer));
}

__global__ void warps(uint32_t *out) {
  uint32_t lane = threadIdx.x, all = 0xffffffffu;
  out[lane] = __shfl_up_sync(all, lane, 3) + 100 * __shfl_down_sync(all, lane, 2, 8) +
              10000 * __shfl_sync(all, lane, lane + 5, 16);
  out[32 + lane] = __ballot_sync(all, lane % 3 == 0) ^ __match_any_sync(all, lane / 5) ^
                   (__any_sync(all, lane == 7) << 30);
  out[64 + lane] = __reduce_add_sync(all, lane) + __reduce_max_sync(all, lane * 3 % 32) +
                   __reduce_xor_sync(all, lane) + __reduce_and_sync(all, lane | 64);
  int uniform = 0;
  out[96 + lane] = __match_all_sync(all, lane / 32, &uniform) + uniform;
}

__global__ void atomics(int *words, unsigned long long *longs, float *floats, double *doubles,
                        __half2 *halves, unsigned short *shorts) {
  int i = threadIdx.x;
  atomicAdd(&words[0], i);
  atomicMin(&words[1], -i);
  atomicMax(&words[2], i);
  atomicAnd(&words[3], ~(1 << (i & 31)));
  atomicOr(&words[4], 1 << (i & 31));
  atomicXor(&words[5], i);
  atomicInc((unsigned *)&words[6], 9);
  atomicExch(&words[7], 77);
  atomicMax(&longs[0], (unsigned long long)i << 40);
  atomicAdd(&longs[1], 1ull << 33);
  atomicAdd(&floats[0], 0.5f);
  atomicAdd(&doubles[0], 0.25);
  atomicAdd(&halves[0], __floats2half2_rn(1.0f, 2.0f));
  for (unsigned short old = 0, seen;; old = seen) {
    seen = atomicCAS(&shorts[0], old, (unsigned short)(old + 1));
    if (seen == old)
      break;
  }
  cuda::atomic_ref<int, cuda::thread_scope_device> counter(words[8]);
  counter.fetch_add(2, cuda::memory_order_relaxed);
}

static void runWarps() {
  uint32_t *out = toDevice(std::vector<uint32_t>(128));
  warps<<<1, 32>>>(out);
  CHECK(cudaGetLastError());
  std::vector<uint32_t> found = toHost(out, 128);
  uint32_t thirds = 0;
  for (uint32_t lane = 0; lane < 32; lane += 3)
    thirds |= 1u << lane;
  for (uint32_t lane = 0; lane < 32; ++lane) {
    uint32_t up = lane < 3 ? lane : lane - 3, down = lane % 8 + 2 < 8 ? lane + 2 : lane,
             at = lane / 16 * 16 + (lane + 5) % 16, same = 0;
    for (uint32_t other = 0; other < 32; ++other)
      same |= uint32_t(other / 5 == lane / 5) << other;
    EXPECT(found[lane] == up + 100 * down + 10000 * at);
    EXPECT(found[32 + lane] == (thirds ^ same ^ (1u << 30)));
    EXPECT(found[64 + lane] == 496 + 31 + 0 + 64);
    EXPECT(found[96 + lane] == 0xffffffffu + 1);
  }
  CHECK(cudaFree(out));
}

static void runAtomics() {
  const int threads = 128;
  int *words = toDevice(std::vector<int>{0, 0, 0, -1, 0, 0, 0, 0, 0});
  auto *longs = toDevice(std::vector<unsigned long long>{0, 0});
  float *floats = toDevice(std::vector<float>{1});
  double *doubles = toDevice(std::vector<double>{1});
  auto *halves = toDevice(std::vector<__half2>(1, __floats2half2_rn(0, 0)));
  auto *shorts = toDevice(std::vector<unsigned short>{0, 0});
  atomics<<<1, threads>>>(words, longs, floats, doubles, halves, shorts);
  CHECK(cudaGetLastError());
  EXPECT((toHost(words, 9) == std::vector<int>{threads * (threads - 1) / 2, 1 - threads, threads - 1, 0, -1,
                                               0, threads % 10, 77, 2 * threads}));
  EXPECT((toHost(longs, 2) == std::vector<unsigned long long>{127ull << 40, 128ull << 33}));
  EXPECT(toHost(floats, 1)[0] == 1 + 0.5f * threads);
  EXPECT(toHost(doubles, 1)[0] == 1 + 0.25 * threads);
  __half2 sum = toHost(halves, 1)[0];
  EXPECT(__low2float(sum) == threads && __high2float(sum) == 2 * threads);
  EXPECT(toHost(shorts, 1)[0] == threads);
  for (void *pointer :
       {(void *)words, (void *)longs, (void *)floats, (void *)doubles, (void *)halves, (void *)shorts})
    CHECK(cudaFree(pointer));
}

int main() {
  compare<Bits>("bits");
  compare<Wide>("wide integers");
  compare<Doubles>("doubles");
  compare<Halves>("halves");
  compare<Calls>("calls");
  runWarps();
  runAtomics();
  return 0;
}
