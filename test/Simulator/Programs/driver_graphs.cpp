// A program of the driver interface alone: its PTX is text, its work a captured graph, as the runtime of a
// compiler does it.
#include <cuda.h>

#include <cstdio>
#include <cstdlib>
#include <vector>

#define CHECK(call)                                                                                          \
  do {                                                                                                       \
    CUresult checked = (call);                                                                               \
    if (checked != CUDA_SUCCESS) {                                                                           \
      const char *name = "?";                                                                                \
      cuGetErrorName(checked, &name);                                                                        \
      std::fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #call, name);                              \
      std::exit(1);                                                                                          \
    }                                                                                                        \
  } while (0)

static const char *ptx = R"(
.version 7.0
.target sm_80
.address_size 64
// y[i] = a * x[i] + y[i]
.visible .entry axpy(.param .u64 x, .param .u64 y, .param .f32 a, .param .u32 count)
{
  .reg .pred %p<2>;
  .reg .f32 %f<4>;
  .reg .u32 %r<6>;
  .reg .u64 %rd<6>;
  mov.u32 %r1, %ctaid.x;
  mov.u32 %r2, %ntid.x;
  mov.u32 %r3, %tid.x;
  mad.lo.u32 %r4, %r1, %r2, %r3;
  ld.param.u32 %r5, [count];
  setp.ge.u32 %p1, %r4, %r5;
  @%p1 bra done;
  ld.param.u64 %rd1, [x];
  ld.param.u64 %rd2, [y];
  ld.param.f32 %f1, [a];
  mul.wide.u32 %rd3, %r4, 4;
  add.u64 %rd4, %rd1, %rd3;
  add.u64 %rd5, %rd2, %rd3;
  ld.global.f32 %f2, [%rd4];
  ld.global.f32 %f3, [%rd5];
  fma.rn.f32 %f3, %f1, %f2, %f3;
  st.global.f32 [%rd5], %f3;
done:
  ret;
}
)";

int main() {
  CUdevice device;
  CUcontext context;
  CUmodule module;
  CUfunction axpy;
  CUstream stream;
  CHECK(cuInit(0));
  CHECK(cuDeviceGet(&device, 0));
  CHECK(cuDevicePrimaryCtxRetain(&context, device));
  CHECK(cuCtxSetCurrent(context));
  CHECK(cuModuleLoadData(&module, ptx));
  CHECK(cuModuleGetFunction(&axpy, module, "axpy"));
  CHECK(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
  unsigned count = 1000;
  float a = 2;
  size_t bytes = count * sizeof(float);
  CUdeviceptr x, y;
  float *pinned;
  CHECK(cuMemAlloc(&x, bytes));
  CHECK(cuMemAlloc(&y, bytes));
  CHECK(cuMemAllocHost(reinterpret_cast<void **>(&pinned), bytes));
  for (unsigned i = 0; i < count; ++i)
    pinned[i] = float(i);

  CUgraph graph;
  CUgraphExec exec;
  CHECK(cuStreamBeginCapture(stream, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
  CHECK(cuMemcpyHtoDAsync(x, pinned, bytes, stream));
  CHECK(cuMemsetD32Async(y, 0, count, stream));
  void *arguments[] = {&x, &y, &a, &count};
  for (int i = 0; i < 3; ++i)
    CHECK(cuLaunchKernel(axpy, (count + 127) / 128, 1, 1, 128, 1, 1, 0, stream, arguments, nullptr));
  CHECK(cuMemcpyDtoHAsync(pinned, y, bytes, stream));
  CHECK(cuStreamEndCapture(stream, &graph));
  CHECK(cuGraphInstantiate(&exec, graph, 0));
  CHECK(cuGraphDestroy(graph));

  // Each replay multiplies by six: the result is the next one's input.
  for (int replay = 0; replay < 2; ++replay)
    CHECK(cuGraphLaunch(exec, stream));
  CHECK(cuStreamSynchronize(stream));
  for (unsigned i = 0; i < count; ++i)
    if (pinned[i] != 36.0f * float(i)) {
      std::fprintf(stderr, "element %u: expected %g, found %g\n", i, 36.0 * i, pinned[i]);
      return 1;
    }
  CHECK(cuGraphExecDestroy(exec));
  CHECK(cuStreamDestroy(stream));
  CHECK(cuMemFree(x));
  CHECK(cuMemFree(y));
  CHECK(cuMemFreeHost(pinned));
  CHECK(cuModuleUnload(module));
  CHECK(cuDevicePrimaryCtxRelease(device));
  return 0;
}
