//===- GraphNodes.cpp - Adding nodes and changing them -------------------------------------===//

#include "GraphNodes.h"

#include "Copies.h"
#include "Launch.h"
#include "State.h"

using namespace mv::ptxsim;
using namespace mv::ptxsim::driver;

namespace mv::ptxsim::driver {

CUresult makeOperation(const CUDA_KERNEL_NODE_PARAMS &from, Operation &operation) {
  LaunchConfig config;
  config.grid = {from.gridDimX, from.gridDimY, from.gridDimZ};
  config.block = {from.blockDimX, from.blockDimY, from.blockDimZ};
  config.dynamicShared = from.sharedMemBytes;
  auto *handle = from.func ? from.func : reinterpret_cast<CUfunction>(from.kern);
  KernelOperation kernel;
  CUresult code = makeKernelOperation(handle, config, from.kernelParams, from.extra, kernel);
  operation = std::move(kernel);
  return code;
}

CUresult makeOperation(const CUDA_MEMCPY3D &from, Operation &operation) {
  operation = CopyOperation{from};
  return checkCopy(from);
}

CUresult makeOperation(const CUDA_MEMSET_NODE_PARAMS &from, Operation &operation) {
  if (from.elementSize != 1 && from.elementSize != 2 && from.elementSize != 4)
    return CUDA_ERROR_INVALID_VALUE;
  if (from.height == 0 || from.width == 0 || from.dst % from.elementSize != 0 ||
      (from.height > 1 && from.pitch < from.width * from.elementSize))
    return CUDA_ERROR_INVALID_VALUE;
  operation = FillOperation{from.dst, from.value, from.elementSize, from.width, from.height, from.pitch};
  return CUDA_SUCCESS;
}

CUresult makeOperation(const CUDA_HOST_NODE_PARAMS &from, Operation &operation) {
  operation = HostOperation{from.fn, from.userData};
  return from.fn ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

CUresult makeOperation(const CUgraphNodeParams &from, Operation &operation) {
  switch (from.type) {
  case CU_GRAPH_NODE_TYPE_EMPTY:
    operation = EmptyOperation{};
    return CUDA_SUCCESS;
  case CU_GRAPH_NODE_TYPE_KERNEL: {
    const CUDA_KERNEL_NODE_PARAMS_v3 &k = from.kernel;
    return makeOperation(CUDA_KERNEL_NODE_PARAMS{k.func, k.gridDimX, k.gridDimY, k.gridDimZ, k.blockDimX,
                                                 k.blockDimY, k.blockDimZ, k.sharedMemBytes, k.kernelParams,
                                                 k.extra, k.kern, k.ctx},
                         operation);
  }
  case CU_GRAPH_NODE_TYPE_MEMCPY:
    return makeOperation(from.memcpy.copyParams, operation);
  case CU_GRAPH_NODE_TYPE_MEMSET: {
    const CUDA_MEMSET_NODE_PARAMS_v2 &m = from.memset;
    return makeOperation(CUDA_MEMSET_NODE_PARAMS{m.dst, m.pitch, m.value, m.elementSize, m.width, m.height},
                         operation);
  }
  case CU_GRAPH_NODE_TYPE_HOST:
    return makeOperation(CUDA_HOST_NODE_PARAMS{from.host.fn, from.host.userData}, operation);
  case CU_GRAPH_NODE_TYPE_GRAPH:
    if (!Driver::get().graphs.contains(from.graph.graph))
      return CUDA_ERROR_INVALID_VALUE;
    operation = ChildGraphOperation{from.graph.graph->clone()};
    return CUDA_SUCCESS;
  case CU_GRAPH_NODE_TYPE_EVENT_RECORD:
    operation = EventRecordOperation{from.eventRecord.event};
    return CUDA_SUCCESS;
  case CU_GRAPH_NODE_TYPE_WAIT_EVENT:
    operation = EventWaitOperation{from.eventWait.event};
    return CUDA_SUCCESS;
  default:
    return CUDA_ERROR_NOT_SUPPORTED;
  }
}

} // namespace mv::ptxsim::driver

namespace {

/// Adds a node whose operation `make(operation)` fills in.
template <typename Make>
CUresult addNode(CUgraphNode *node, CUgraph graph, const CUgraphNode *dependencies, size_t count, Make make) {
  return withContext([&](Lock &, CUctx_st &) -> CUresult {
    Driver &driver = Driver::get();
    if (!node || !driver.graphs.contains(graph) || (count && !dependencies))
      return CUDA_ERROR_INVALID_VALUE;
    for (size_t i = 0; i < count; ++i)
      if (!driver.nodes.contains(dependencies[i]) || dependencies[i]->graph != graph)
        return CUDA_ERROR_INVALID_VALUE;
    Operation operation;
    if (CUresult code = make(operation))
      return code;
    *node = graph->add(std::move(operation), {dependencies, dependencies + count});
    return CUDA_SUCCESS;
  });
}

template <typename T>
CUresult addNodeOf(CUgraphNode *node, CUgraph graph, const CUgraphNode *dependencies, size_t count,
                   const T *parameters) {
  return addNode(node, graph, dependencies, count, [&](Operation &operation) {
    return parameters ? makeOperation(*parameters, operation) : CUDA_ERROR_INVALID_VALUE;
  });
}

/// Replaces the operation of a node, which stays of its kind.
template <typename T> CUresult setNode(CUgraphNode node, const T *parameters) {
  return withContext([&](Lock &, CUctx_st &) -> CUresult {
    Operation operation;
    if (!parameters || !Driver::get().nodes.contains(node))
      return CUDA_ERROR_INVALID_VALUE;
    if (CUresult code = makeOperation(*parameters, operation))
      return code;
    if (operation.index() != node->operation.index())
      return CUDA_ERROR_INVALID_VALUE;
    node->operation = std::move(operation);
    return CUDA_SUCCESS;
  });
}

/// Reads the operation of a node of kind T: `read(operation)`.
template <typename T, typename Read> CUresult getNode(CUgraphNode node, Read read) {
  return withDriver([&](Lock &) -> CUresult {
    if (!Driver::get().nodes.contains(node))
      return CUDA_ERROR_INVALID_VALUE;
    auto *operation = std::get_if<T>(&node->operation);
    if (!operation)
      return CUDA_ERROR_INVALID_VALUE;
    read(*operation);
    return CUDA_SUCCESS;
  });
}

} // namespace

CUresult cuGraphAddNode(CUgraphNode *node, CUgraph graph, const CUgraphNode *dependencies,
                        const CUgraphEdgeData *, size_t count, CUgraphNodeParams *parameters) {
  return addNodeOf(node, graph, dependencies, count, parameters);
}

CUresult cuGraphAddKernelNode(CUgraphNode *node, CUgraph graph, const CUgraphNode *dependencies, size_t count,
                              const CUDA_KERNEL_NODE_PARAMS *parameters) {
  return addNodeOf(node, graph, dependencies, count, parameters);
}

CUresult cuGraphAddMemcpyNode(CUgraphNode *node, CUgraph graph, const CUgraphNode *dependencies, size_t count,
                              const CUDA_MEMCPY3D *copy, CUcontext) {
  return addNodeOf(node, graph, dependencies, count, copy);
}

CUresult cuGraphAddMemsetNode(CUgraphNode *node, CUgraph graph, const CUgraphNode *dependencies, size_t count,
                              const CUDA_MEMSET_NODE_PARAMS *parameters, CUcontext) {
  return addNodeOf(node, graph, dependencies, count, parameters);
}

CUresult cuGraphAddHostNode(CUgraphNode *node, CUgraph graph, const CUgraphNode *dependencies, size_t count,
                            const CUDA_HOST_NODE_PARAMS *parameters) {
  return addNodeOf(node, graph, dependencies, count, parameters);
}

CUresult cuGraphAddEmptyNode(CUgraphNode *node, CUgraph graph, const CUgraphNode *dependencies,
                             size_t count) {
  return addNode(node, graph, dependencies, count, [](Operation &) { return CUDA_SUCCESS; });
}

CUresult cuGraphAddChildGraphNode(CUgraphNode *node, CUgraph graph, const CUgraphNode *dependencies,
                                  size_t count, CUgraph child) {
  return addNode(node, graph, dependencies, count, [&](Operation &operation) -> CUresult {
    if (!Driver::get().graphs.contains(child) || child == graph)
      return CUDA_ERROR_INVALID_VALUE;
    operation = ChildGraphOperation{child->clone()};
    return CUDA_SUCCESS;
  });
}

CUresult cuGraphAddEventRecordNode(CUgraphNode *node, CUgraph graph, const CUgraphNode *dependencies,
                                   size_t count, CUevent event) {
  return addNode(node, graph, dependencies, count, [&](Operation &operation) {
    operation = EventRecordOperation{event};
    return Driver::get().events.contains(event) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
  });
}

CUresult cuGraphAddEventWaitNode(CUgraphNode *node, CUgraph graph, const CUgraphNode *dependencies,
                                 size_t count, CUevent event) {
  return addNode(node, graph, dependencies, count, [&](Operation &operation) {
    operation = EventWaitOperation{event};
    return Driver::get().events.contains(event) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
  });
}

CUresult cuGraphChildGraphNodeGetGraph(CUgraphNode node, CUgraph *graph) {
  return getNode<ChildGraphOperation>(node, [&](ChildGraphOperation &operation) {
    operation.graph->nested = true;
    Driver::get().graphs.insert(operation.graph.get());
    *graph = operation.graph.get();
  });
}

CUresult cuGraphKernelNodeGetParams(CUgraphNode node, CUDA_KERNEL_NODE_PARAMS *parameters) {
  if (!parameters)
    return CUDA_ERROR_INVALID_VALUE;
  return getNode<KernelOperation>(node, [&](KernelOperation &operation) {
    // The pointers are made here, since a copied operation has bytes of its own.
    for (size_t i = 0; i < operation.pointers.size(); ++i)
      operation.pointers[i] = operation.parameters.data() + operation.function->info().parameters[i].offset;
    const LaunchConfig &config = operation.config;
    *parameters = {};
    parameters->func = operation.function;
    parameters->gridDimX = config.grid.x;
    parameters->gridDimY = config.grid.y;
    parameters->gridDimZ = config.grid.z;
    parameters->blockDimX = config.block.x;
    parameters->blockDimY = config.block.y;
    parameters->blockDimZ = config.block.z;
    parameters->sharedMemBytes = config.dynamicShared;
    parameters->kernelParams = operation.pointers.data();
  });
}

CUresult cuGraphKernelNodeSetParams(CUgraphNode node, const CUDA_KERNEL_NODE_PARAMS *parameters) {
  return setNode(node, parameters);
}

CUresult cuGraphMemcpyNodeGetParams(CUgraphNode node, CUDA_MEMCPY3D *copy) {
  if (!copy)
    return CUDA_ERROR_INVALID_VALUE;
  return getNode<CopyOperation>(node, [&](CopyOperation &operation) { *copy = operation.copy; });
}

CUresult cuGraphMemcpyNodeSetParams(CUgraphNode node, const CUDA_MEMCPY3D *copy) {
  return setNode(node, copy);
}

CUresult cuGraphMemsetNodeGetParams(CUgraphNode node, CUDA_MEMSET_NODE_PARAMS *parameters) {
  if (!parameters)
    return CUDA_ERROR_INVALID_VALUE;
  return getNode<FillOperation>(node, [&](FillOperation &fill) {
    *parameters = {fill.destination, fill.pitch, fill.value, fill.elementBytes, fill.width, fill.height};
  });
}

CUresult cuGraphMemsetNodeSetParams(CUgraphNode node, const CUDA_MEMSET_NODE_PARAMS *parameters) {
  return setNode(node, parameters);
}

CUresult cuGraphHostNodeGetParams(CUgraphNode node, CUDA_HOST_NODE_PARAMS *parameters) {
  if (!parameters)
    return CUDA_ERROR_INVALID_VALUE;
  return getNode<HostOperation>(node, [&](HostOperation &host) { *parameters = {host.function, host.data}; });
}

CUresult cuGraphHostNodeSetParams(CUgraphNode node, const CUDA_HOST_NODE_PARAMS *parameters) {
  return setNode(node, parameters);
}

CUresult cuGraphNodeSetParams(CUgraphNode node, CUgraphNodeParams *parameters) {
  return setNode(node, parameters);
}
