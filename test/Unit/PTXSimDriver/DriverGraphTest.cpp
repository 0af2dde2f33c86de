//===- DriverGraphTest.cpp - Graphs and capture --------------------------------------------===//

#include "DriverFixture.h"

namespace {

/// A stream that can be captured, and the kernel's arguments.
class DriverGraph : public DriverTest {
protected:
  void SetUp() override {
    DriverTest::SetUp();
    ASSERT_EQ(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING), CUDA_SUCCESS);
    parameters.func = inc;
    parameters.gridDimX = parameters.gridDimY = parameters.gridDimZ = 1;
    parameters.blockDimX = parameters.blockDimY = parameters.blockDimZ = 1;
    parameters.kernelParams = arguments;
  }

  CUstream stream = nullptr;
  void *arguments[1] = {&buffer};
  CUDA_KERNEL_NODE_PARAMS parameters = {};
};

// What is captured does not run; each launch of the graph runs all of it.
TEST_F(DriverGraph, Capture) {
  CUgraph graph = nullptr;
  CUgraphExec exec = nullptr;
  CUstreamCaptureStatus status = CU_STREAM_CAPTURE_STATUS_NONE;
  ASSERT_EQ(cuStreamBeginCapture(stream, CU_STREAM_CAPTURE_MODE_GLOBAL), CUDA_SUCCESS);
  EXPECT_EQ(launchInc(stream), CUDA_SUCCESS);
  EXPECT_EQ(launchInc(stream), CUDA_SUCCESS);
  EXPECT_EQ(cuStreamIsCapturing(stream, &status), CUDA_SUCCESS);
  EXPECT_EQ(status, CU_STREAM_CAPTURE_STATUS_ACTIVE);
  ASSERT_EQ(cuStreamEndCapture(stream, &graph), CUDA_SUCCESS);
  EXPECT_EQ(value(), 0);
  ASSERT_EQ(cuGraphInstantiate(&exec, graph, 0), CUDA_SUCCESS);
  EXPECT_EQ(cuGraphLaunch(exec, stream), CUDA_SUCCESS);
  EXPECT_EQ(value(), 2);
  EXPECT_EQ(cuGraphDestroy(graph), CUDA_SUCCESS); // The instantiated graph has copies.
  EXPECT_EQ(cuGraphLaunch(exec, stream), CUDA_SUCCESS);
  EXPECT_EQ(value(), 4);
  EXPECT_EQ(cuGraphExecDestroy(exec), CUDA_SUCCESS);
  EXPECT_EQ(cuGraphLaunch(exec, stream), CUDA_ERROR_INVALID_VALUE);
}

// A fork that is joined has the edges of a diamond.
TEST_F(DriverGraph, ForkAndJoin) {
  CUstream side = nullptr;
  CUevent fork = nullptr, join = nullptr;
  CUgraph graph = nullptr;
  ASSERT_EQ(cuStreamCreate(&side, CU_STREAM_NON_BLOCKING), CUDA_SUCCESS);
  ASSERT_EQ(cuEventCreate(&fork, CU_EVENT_DISABLE_TIMING), CUDA_SUCCESS);
  ASSERT_EQ(cuEventCreate(&join, CU_EVENT_DISABLE_TIMING), CUDA_SUCCESS);
  ASSERT_EQ(cuStreamBeginCapture(stream, CU_STREAM_CAPTURE_MODE_GLOBAL), CUDA_SUCCESS);
  EXPECT_EQ(launchInc(stream), CUDA_SUCCESS);
  EXPECT_EQ(cuEventRecord(fork, stream), CUDA_SUCCESS);
  EXPECT_EQ(cuStreamWaitEvent(side, fork, 0), CUDA_SUCCESS);
  EXPECT_EQ(launchInc(side), CUDA_SUCCESS);
  EXPECT_EQ(launchInc(stream), CUDA_SUCCESS);
  EXPECT_EQ(cuEventRecord(join, side), CUDA_SUCCESS);
  EXPECT_EQ(cuStreamWaitEvent(stream, join, 0), CUDA_SUCCESS);
  EXPECT_EQ(launchInc(stream), CUDA_SUCCESS);
  ASSERT_EQ(cuStreamEndCapture(stream, &graph), CUDA_SUCCESS);
  size_t nodes = 0, edges = 0, roots = 0;
  EXPECT_EQ(cuGraphGetNodes(graph, nullptr, &nodes), CUDA_SUCCESS);
  EXPECT_EQ(cuGraphGetEdges(graph, nullptr, nullptr, nullptr, &edges), CUDA_SUCCESS);
  EXPECT_EQ(cuGraphGetRootNodes(graph, nullptr, &roots), CUDA_SUCCESS);
  EXPECT_EQ(nodes, 4u);
  EXPECT_EQ(edges, 4u);
  EXPECT_EQ(roots, 1u);
}

// A fork left open, a synchronous call, and the legacy stream each end a capture with the driver's error.
TEST_F(DriverGraph, negative_Capture) {
  CUstream side = nullptr, blocking = nullptr;
  CUevent fork = nullptr;
  CUgraph graph = nullptr;
  ASSERT_EQ(cuStreamCreate(&side, CU_STREAM_NON_BLOCKING), CUDA_SUCCESS);
  ASSERT_EQ(cuStreamCreate(&blocking, CU_STREAM_DEFAULT), CUDA_SUCCESS);
  ASSERT_EQ(cuEventCreate(&fork, CU_EVENT_DISABLE_TIMING), CUDA_SUCCESS);
  ASSERT_EQ(cuStreamBeginCapture(stream, CU_STREAM_CAPTURE_MODE_GLOBAL), CUDA_SUCCESS);
  EXPECT_EQ(cuEventRecord(fork, stream), CUDA_SUCCESS);
  EXPECT_EQ(cuStreamWaitEvent(side, fork, 0), CUDA_SUCCESS);
  EXPECT_EQ(launchInc(side), CUDA_SUCCESS);
  EXPECT_EQ(cuStreamEndCapture(stream, &graph), CUDA_ERROR_STREAM_CAPTURE_UNJOINED);
  EXPECT_EQ(graph, nullptr);

  ASSERT_EQ(cuStreamBeginCapture(stream, CU_STREAM_CAPTURE_MODE_GLOBAL), CUDA_SUCCESS);
  CUdeviceptr address = 0;
  EXPECT_EQ(cuMemAlloc(&address, 16), CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
  EXPECT_EQ(launchInc(stream), CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
  EXPECT_EQ(cuStreamEndCapture(stream, &graph), CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);

  ASSERT_EQ(cuStreamBeginCapture(blocking, CU_STREAM_CAPTURE_MODE_RELAXED), CUDA_SUCCESS);
  EXPECT_EQ(launchInc(nullptr), CUDA_ERROR_STREAM_CAPTURE_IMPLICIT);
  EXPECT_EQ(cuStreamEndCapture(blocking, &graph), CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
  EXPECT_EQ(cuStreamBeginCapture(nullptr, CU_STREAM_CAPTURE_MODE_GLOBAL),
            CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
  EXPECT_EQ(cuStreamEndCapture(stream, &graph), CUDA_ERROR_ILLEGAL_STATE);
}

// Nodes of every kind, made by hand, run in the order of their edges.
TEST_F(DriverGraph, ManualNodes) {
  CUgraph graph = nullptr;
  CUgraphNode fill = nullptr, kernel = nullptr, copy = nullptr, host = nullptr, empty = nullptr;
  ASSERT_EQ(cuGraphCreate(&graph, 0), CUDA_SUCCESS);
  CUDA_MEMSET_NODE_PARAMS fillParameters = {buffer, 0, 40, 4, 1, 1};
  int out = 0, seen = 0;
  CUDA_MEMCPY3D copyParameters = {};
  copyParameters.srcMemoryType = CU_MEMORYTYPE_DEVICE;
  copyParameters.srcDevice = buffer;
  copyParameters.dstMemoryType = CU_MEMORYTYPE_HOST;
  copyParameters.dstHost = &out;
  copyParameters.WidthInBytes = 4;
  copyParameters.Height = copyParameters.Depth = 1;
  struct Pair {
    int *from, *to;
  } pair = {&out, &seen};
  CUDA_HOST_NODE_PARAMS hostParameters = {
      [](void *data) { *static_cast<Pair *>(data)->to = *static_cast<Pair *>(data)->from; }, &pair};
  // Added last to first, so that only the edges give the order.
  ASSERT_EQ(cuGraphAddHostNode(&host, graph, nullptr, 0, &hostParameters), CUDA_SUCCESS);
  ASSERT_EQ(cuGraphAddMemcpyNode(&copy, graph, nullptr, 0, &copyParameters, context), CUDA_SUCCESS);
  ASSERT_EQ(cuGraphAddKernelNode(&kernel, graph, nullptr, 0, &parameters), CUDA_SUCCESS);
  ASSERT_EQ(cuGraphAddEmptyNode(&empty, graph, nullptr, 0), CUDA_SUCCESS);
  ASSERT_EQ(cuGraphAddMemsetNode(&fill, graph, nullptr, 0, &fillParameters, context), CUDA_SUCCESS);
  CUgraphNode from[] = {fill, empty, kernel, copy}, to[] = {empty, kernel, copy, host};
  ASSERT_EQ(cuGraphAddDependencies(graph, from, to, nullptr, 4), CUDA_SUCCESS);
  CUgraphExec exec = nullptr;
  ASSERT_EQ(cuGraphInstantiate(&exec, graph, 0), CUDA_SUCCESS);
  EXPECT_EQ(cuGraphLaunch(exec, stream), CUDA_SUCCESS);
  EXPECT_EQ(seen, 41);

  // The fill is changed in the instantiated graph; then the kernel is left out.
  fillParameters.value = 70;
  EXPECT_EQ(cuGraphExecMemsetNodeSetParams(exec, fill, &fillParameters, context), CUDA_SUCCESS);
  EXPECT_EQ(cuGraphLaunch(exec, stream), CUDA_SUCCESS);
  EXPECT_EQ(seen, 71);
  EXPECT_EQ(cuGraphNodeSetEnabled(exec, kernel, 0), CUDA_SUCCESS);
  EXPECT_EQ(cuGraphLaunch(exec, stream), CUDA_SUCCESS);
  EXPECT_EQ(seen, 70);

  CUgraphNodeType type = CU_GRAPH_NODE_TYPE_EMPTY;
  EXPECT_EQ(cuGraphNodeGetType(kernel, &type), CUDA_SUCCESS);
  EXPECT_EQ(type, CU_GRAPH_NODE_TYPE_KERNEL);
  CUDA_KERNEL_NODE_PARAMS read = {};
  EXPECT_EQ(cuGraphKernelNodeGetParams(kernel, &read), CUDA_SUCCESS);
  EXPECT_EQ(read.func, inc);
  EXPECT_EQ(*static_cast<CUdeviceptr *>(read.kernelParams[0]), buffer);
  CUgraphNode back[] = {host}, front[] = {fill};
  EXPECT_EQ(cuGraphAddDependencies(graph, back, front, nullptr, 1), CUDA_SUCCESS);
  EXPECT_EQ(cuGraphInstantiate(&exec, graph, 0), CUDA_ERROR_INVALID_VALUE); // A cycle.
}

// An update takes the arguments of an equal graph and refuses one of another shape.
TEST_F(DriverGraph, Update) {
  CUdeviceptr other = 0;
  ASSERT_EQ(cuMemAlloc(&other, 4), CUDA_SUCCESS);
  ASSERT_EQ(cuMemsetD32(other, 5, 1), CUDA_SUCCESS);
  CUgraph first = nullptr, second = nullptr, third = nullptr;
  CUgraphNode node = nullptr;
  CUgraphExec exec = nullptr;
  for (CUgraph *graph : {&first, &second, &third})
    ASSERT_EQ(cuGraphCreate(graph, 0), CUDA_SUCCESS);
  ASSERT_EQ(cuGraphAddKernelNode(&node, first, nullptr, 0, &parameters), CUDA_SUCCESS);
  ASSERT_EQ(cuGraphInstantiate(&exec, first, 0), CUDA_SUCCESS);
  void *otherArguments[] = {&other};
  parameters.kernelParams = otherArguments;
  ASSERT_EQ(cuGraphAddKernelNode(&node, second, nullptr, 0, &parameters), CUDA_SUCCESS);
  CUgraphExecUpdateResultInfo info = {};
  EXPECT_EQ(cuGraphExecUpdate(exec, second, &info), CUDA_SUCCESS);
  EXPECT_EQ(cuGraphLaunch(exec, stream), CUDA_SUCCESS);
  int found = 0;
  EXPECT_EQ(cuMemcpyDtoH(&found, other, 4), CUDA_SUCCESS);
  EXPECT_EQ(found, 6);
  EXPECT_EQ(value(), 0);
  ASSERT_EQ(cuGraphAddEmptyNode(&node, third, nullptr, 0), CUDA_SUCCESS);
  EXPECT_EQ(cuGraphExecUpdate(exec, third, &info), CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE);
  EXPECT_EQ(info.result, CU_GRAPH_EXEC_UPDATE_ERROR_NODE_TYPE_CHANGED);
}

// A child graph runs as a whole in its place, and a clone is found by its original.
TEST_F(DriverGraph, ChildAndClone) {
  CUgraph inner = nullptr, outer = nullptr, copy = nullptr;
  CUgraphNode node = nullptr, child = nullptr, twin = nullptr;
  CUgraphExec exec = nullptr;
  ASSERT_EQ(cuGraphCreate(&inner, 0), CUDA_SUCCESS);
  ASSERT_EQ(cuGraphCreate(&outer, 0), CUDA_SUCCESS);
  ASSERT_EQ(cuGraphAddKernelNode(&node, inner, nullptr, 0, &parameters), CUDA_SUCCESS);
  ASSERT_EQ(cuGraphAddChildGraphNode(&child, outer, nullptr, 0, inner), CUDA_SUCCESS);
  ASSERT_EQ(cuGraphAddChildGraphNode(&child, outer, &child, 1, inner), CUDA_SUCCESS);
  ASSERT_EQ(cuGraphInstantiate(&exec, outer, 0), CUDA_SUCCESS);
  EXPECT_EQ(cuGraphLaunch(exec, stream), CUDA_SUCCESS);
  EXPECT_EQ(value(), 2);
  EXPECT_EQ(cuGraphClone(&copy, inner), CUDA_SUCCESS);
  EXPECT_EQ(cuGraphNodeFindInClone(&twin, node, copy), CUDA_SUCCESS);
  EXPECT_NE(twin, node);
}

// With a graph, the handles of its nodes and of the graphs in it end.
TEST_F(DriverGraph, negative_DestroyedHandles) {
  CUgraph inner = nullptr, outer = nullptr, child = nullptr;
  CUgraphNode node = nullptr, place = nullptr;
  size_t count = 0;
  ASSERT_EQ(cuGraphCreate(&inner, 0), CUDA_SUCCESS);
  ASSERT_EQ(cuGraphCreate(&outer, 0), CUDA_SUCCESS);
  ASSERT_EQ(cuGraphAddKernelNode(&node, inner, nullptr, 0, &parameters), CUDA_SUCCESS);
  ASSERT_EQ(cuGraphAddChildGraphNode(&place, outer, nullptr, 0, inner), CUDA_SUCCESS);
  ASSERT_EQ(cuGraphChildGraphNodeGetGraph(place, &child), CUDA_SUCCESS);
  EXPECT_EQ(cuGraphGetNodes(child, nullptr, &count), CUDA_SUCCESS);
  EXPECT_EQ(count, 1u);
  EXPECT_EQ(cuGraphDestroy(child), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuGraphDestroy(outer), CUDA_SUCCESS);
  EXPECT_EQ(cuGraphDestroy(inner), CUDA_SUCCESS);
  CUgraphNodeType type;
  for (CUgraphNode gone : {node, place})
    EXPECT_EQ(cuGraphNodeGetType(gone, &type), CUDA_ERROR_INVALID_VALUE);
  for (CUgraph gone : {inner, outer, child})
    EXPECT_EQ(cuGraphDestroy(gone), CUDA_ERROR_INVALID_VALUE);
}

// An instantiated graph that is launched in a capture becomes a part of the captured graph.
TEST_F(DriverGraph, LaunchInCapture) {
  CUgraph inner = nullptr, outer = nullptr;
  CUgraphNode node = nullptr;
  CUgraphExec innerExec = nullptr, outerExec = nullptr;
  ASSERT_EQ(cuGraphCreate(&inner, 0), CUDA_SUCCESS);
  ASSERT_EQ(cuGraphAddKernelNode(&node, inner, nullptr, 0, &parameters), CUDA_SUCCESS);
  ASSERT_EQ(cuGraphInstantiate(&innerExec, inner, 0), CUDA_SUCCESS);
  ASSERT_EQ(cuStreamBeginCapture(stream, CU_STREAM_CAPTURE_MODE_GLOBAL), CUDA_SUCCESS);
  EXPECT_EQ(cuGraphLaunch(innerExec, stream), CUDA_SUCCESS);
  EXPECT_EQ(launchInc(stream), CUDA_SUCCESS);
  ASSERT_EQ(cuStreamEndCapture(stream, &outer), CUDA_SUCCESS);
  EXPECT_EQ(value(), 0);
  ASSERT_EQ(cuGraphInstantiate(&outerExec, outer, 0), CUDA_SUCCESS);
  EXPECT_EQ(cuGraphLaunch(outerExec, stream), CUDA_SUCCESS);
  EXPECT_EQ(value(), 2);
}

} // namespace
