// What programs use of the runtime besides launches: symbols, managed memory, streams, events, capture,
// two-dimensional copies, attributes, occupancy, pinned and mapped memory.
#include "Check.h"

#include <cstring>

__constant__ float factors[4];
__device__ int counter = 7;
__managed__ int shared[8];

__global__ void scale(float *data, int count) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < count)
    data[i] *= factors[i % 4];
}
__global__ void bump(int by) { atomicAdd(&counter, by); }
__global__ void fillManaged() { shared[threadIdx.x] += int(threadIdx.x); }
__global__ void transpose(const float *in, size_t inPitch, float *out, size_t outPitch, int width,
                          int height) {
  extern __shared__ float tile[];
  int x = threadIdx.x, y = threadIdx.y;
  if (x < width && y < height)
    tile[y * (blockDim.x + 1) + x] = *(const float *)((const char *)in + y * inPitch + x * sizeof(float));
  __syncthreads();
  if (y < width && x < height)
    *(float *)((char *)out + y * outPitch + x * sizeof(float)) = tile[x * (blockDim.x + 1) + y];
}

static void symbols() {
  const float host[4] = {1, 2, 3, 4};
  CHECK(cudaMemcpyToSymbol(factors, host, sizeof(host)));
  std::vector<float> data(100, 1.0f);
  float *device = toDevice(data);
  scale<<<1, 128>>>(device, 100);
  std::vector<float> scaled = toHost(device, 100);
  for (int i = 0; i < 100; ++i)
    EXPECT(scaled[i] == float(i % 4 + 1));
  CHECK(cudaFree(device));
  bump<<<2, 32>>>(1);
  int found = 0;
  CHECK(cudaMemcpyFromSymbol(&found, counter, sizeof(found)));
  EXPECT(found == 7 + 64);
  size_t bytes = 0;
  CHECK(cudaGetSymbolSize(&bytes, factors));
  EXPECT(bytes == sizeof(host));
  for (int i = 0; i < 8; ++i)
    shared[i] = 100;
  fillManaged<<<1, 8>>>();
  CHECK(cudaDeviceSynchronize());
  for (int i = 0; i < 8; ++i)
    EXPECT(shared[i] == 100 + i);
}

static void pitched() {
  const int width = 13, height = 7;
  std::vector<float> in(width * height);
  for (int i = 0; i < width * height; ++i)
    in[i] = float(i);
  float *deviceIn = nullptr, *deviceOut = nullptr;
  size_t inPitch = 0, outPitch = 0;
  CHECK(cudaMallocPitch(&deviceIn, &inPitch, width * sizeof(float), height));
  CHECK(cudaMallocPitch(&deviceOut, &outPitch, height * sizeof(float), width));
  EXPECT(inPitch % 256 == 0 && inPitch >= width * sizeof(float));
  CHECK(cudaMemcpy2D(deviceIn, inPitch, in.data(), width * sizeof(float), width * sizeof(float), height,
                     cudaMemcpyHostToDevice));
  transpose<<<1, dim3(16, 16), 16 * 17 * sizeof(float)>>>(deviceIn, inPitch, deviceOut, outPitch, width,
                                                          height);
  CHECK(cudaGetLastError());
  std::vector<float> out(width * height);
  CHECK(cudaMemcpy2D(out.data(), height * sizeof(float), deviceOut, outPitch, height * sizeof(float), width,
                     cudaMemcpyDeviceToHost));
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      EXPECT(out[x * height + y] == in[y * width + x]);
  CHECK(cudaFree(deviceIn));
  CHECK(cudaFree(deviceOut));
}

static void streamsAndGraphs() {
  cudaStream_t first, second;
  cudaEvent_t fork, join, start, stop;
  CHECK(cudaStreamCreateWithFlags(&first, cudaStreamNonBlocking));
  CHECK(cudaStreamCreateWithFlags(&second, cudaStreamNonBlocking));
  CHECK(cudaEventCreateWithFlags(&fork, cudaEventDisableTiming));
  CHECK(cudaEventCreateWithFlags(&join, cudaEventDisableTiming));
  CHECK(cudaEventCreate(&start));
  CHECK(cudaEventCreate(&stop));
  const int count = 64;
  float *a = toDevice(std::vector<float>(count, 1.0f)), *b = toDevice(std::vector<float>(count, 1.0f));
  cudaGraph_t graph;
  cudaGraphExec_t exec;
  CHECK(cudaStreamBeginCapture(first, cudaStreamCaptureModeGlobal));
  scale<<<1, count, 0, first>>>(a, count);
  CHECK(cudaEventRecord(fork, first));
  CHECK(cudaStreamWaitEvent(second, fork, 0));
  scale<<<1, count, 0, second>>>(b, count);
  CHECK(cudaMemsetAsync(a, 0, 16, first));
  CHECK(cudaEventRecord(join, second));
  CHECK(cudaStreamWaitEvent(first, join, 0));
  CHECK(cudaStreamEndCapture(first, &graph));
  size_t nodes = 0;
  CHECK(cudaGraphGetNodes(graph, nullptr, &nodes));
  EXPECT(nodes == 3);
  EXPECT(toHost(a, count)[5] == 1.0f); // Captured is not run.
  CHECK(cudaGraphInstantiate(&exec, graph, 0));
  CHECK(cudaEventRecord(start, first));
  CHECK(cudaGraphLaunch(exec, first));
  CHECK(cudaGraphLaunch(exec, first));
  CHECK(cudaEventRecord(stop, first));
  CHECK(cudaStreamSynchronize(first));
  float milliseconds = -1;
  CHECK(cudaEventElapsedTime(&milliseconds, start, stop));
  EXPECT(milliseconds > 0);
  std::vector<float> foundA = toHost(a, count), foundB = toHost(b, count);
  for (int i = 0; i < count; ++i) {
    float squared = float((i % 4 + 1) * (i % 4 + 1));
    EXPECT(foundA[i] == (i < 4 ? 0.0f : squared));
    EXPECT(foundB[i] == squared);
  }
  CHECK(cudaGraphExecDestroy(exec));
  CHECK(cudaGraphDestroy(graph));
  CHECK(cudaFreeAsync(a, first));
  CHECK(cudaFreeAsync(b, first));
  CHECK(cudaStreamDestroy(first));
  CHECK(cudaStreamDestroy(second));
}

static void hostMemory() {
  float *pinned = nullptr, *mapped = nullptr;
  CHECK(cudaHostAlloc(&pinned, 256, cudaHostAllocMapped));
  CHECK(cudaHostGetDevicePointer(&mapped, pinned, 0));
  for (int i = 0; i < 64; ++i)
    pinned[i] = 1;
  scale<<<1, 64>>>(mapped, 64);
  CHECK(cudaDeviceSynchronize());
  for (int i = 0; i < 64; ++i)
    EXPECT(pinned[i] == float(i % 4 + 1));
  cudaPointerAttributes attributes;
  CHECK(cudaPointerGetAttributes(&attributes, pinned));
  EXPECT(attributes.type == cudaMemoryTypeHost);
  int local = 0;
  CHECK(cudaPointerGetAttributes(&attributes, &local));
  EXPECT(attributes.type == cudaMemoryTypeUnregistered);
  CHECK(cudaFreeHost(pinned));
}

static void queries() {
  cudaDeviceProp properties;
  CHECK(cudaGetDeviceProperties(&properties, 0));
  EXPECT(properties.warpSize == 32 && properties.major >= 8);
  cudaFuncAttributes attributes;
  CHECK(cudaFuncGetAttributes(&attributes, transpose));
  EXPECT(attributes.maxThreadsPerBlock == 1024);
  CHECK(cudaFuncSetAttribute(transpose, cudaFuncAttributeMaxDynamicSharedMemorySize,
                             int(properties.sharedMemPerBlockOptin)));
  EXPECT(cudaFuncSetAttribute(transpose, cudaFuncAttributeMaxDynamicSharedMemorySize,
                              int(properties.sharedMemPerBlockOptin) + 1) == cudaErrorInvalidValue);
  EXPECT(cudaGetLastError() == cudaErrorInvalidValue && cudaGetLastError() == cudaSuccess);
  int gridSize = 0, blockSize = 0;
  CHECK(cudaOccupancyMaxPotentialBlockSize(&gridSize, &blockSize, scale, 0, 0));
  EXPECT(gridSize > 0 && blockSize >= 32);
}

int main() {
  symbols();
  pitched();
  streamsAndGraphs();
  hostMemory();
  queries();
  return 0;
}
