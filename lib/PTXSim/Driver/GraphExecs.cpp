//===- GraphExecs.cpp - Instantiating, launching and updating graphs -----------------------===//

#include "GraphNodes.h"
#include "State.h"

#include <algorithm>

using namespace mv::ptxsim;
using namespace mv::ptxsim::driver;

CUgraphExec_st::Step *CUgraphExec_st::find(CUgraphNode node) {
  for (Step &step : steps)
    if (step.node == node->id)
      return &step;
  return nullptr;
}

namespace {

using Step = CUgraphExec_st::Step;

/// Graphs nested in a graph are checked for cycles too.
bool hasCycle(const CUgraph_st &graph) {
  for (const auto &node : graph.nodes)
    if (const auto *child = std::get_if<ChildGraphOperation>(&node->operation);
        child && hasCycle(*child->graph))
      return true;
  return graph.sorted().size() != graph.nodes.size();
}

std::vector<Step> stepsOf(const CUgraph_st &graph) {
  std::vector<Step> steps;
  for (CUgraphNode node : graph.sorted()) {
    Step step{node->id, node->operation, {}};
    for (CUgraphNode dependency : node->dependencies)
      step.dependencies.push_back(dependency->id);
    std::sort(step.dependencies.begin(), step.dependencies.end());
    if (auto *child = std::get_if<ChildGraphOperation>(&step.operation))
      child->graph =
          child->graph->clone(); // Later changes of the graph must not reach what was instantiated.
    steps.push_back(std::move(step));
  }
  return steps;
}

CUresult instantiate(CUgraphExec *exec, CUgraph graph, cuuint64_t flags) {
  return withContext([&](Lock &, CUctx_st &context) -> CUresult {
    constexpr cuuint64_t known = CUDA_GRAPH_INSTANTIATE_FLAG_AUTO_FREE_ON_LAUNCH |
                                 CUDA_GRAPH_INSTANTIATE_FLAG_UPLOAD |
                                 CUDA_GRAPH_INSTANTIATE_FLAG_USE_NODE_PRIORITY;
    Driver &driver = Driver::get();
    if (!exec || !driver.graphs.contains(graph))
      return CUDA_ERROR_INVALID_VALUE;
    if (flags & ~known)
      return CUDA_ERROR_NOT_SUPPORTED;
    if (hasCycle(*graph))
      return CUDA_ERROR_INVALID_VALUE;
    *exec = new CUgraphExec_st;
    (*exec)->flags = flags;
    (*exec)->context = &context;
    (*exec)->steps = stepsOf(*graph);
    driver.graphExecs.insert(*exec);
    return CUDA_SUCCESS;
  });
}

template <typename Body> CUresult withExec(CUgraphExec exec, Body body) {
  return withContext([&](Lock &, CUctx_st &) -> CUresult {
    return Driver::get().graphExecs.contains(exec) ? body(*exec) : CUDA_ERROR_INVALID_VALUE;
  });
}

template <typename T> CUresult setStep(CUgraphExec exec, CUgraphNode node, const T *parameters) {
  return withExec(exec, [&](CUgraphExec_st &found) -> CUresult {
    Operation operation;
    if (!parameters || !Driver::get().nodes.contains(node))
      return CUDA_ERROR_INVALID_VALUE;
    Step *step = found.find(node);
    if (CUresult code = step ? makeOperation(*parameters, operation) : CUDA_ERROR_INVALID_VALUE)
      return code;
    if (operation.index() != step->operation.index())
      return CUDA_ERROR_INVALID_VALUE;
    step->operation = std::move(operation);
    return CUDA_SUCCESS;
  });
}

/// The steps as a graph again, for a launch that is captured.
std::shared_ptr<CUgraph_st> graphOf(const std::vector<Step> &steps) {
  auto graph = std::make_shared<CUgraph_st>();
  std::map<uint64_t, CUgraphNode> nodes;
  for (const Step &step : steps) {
    std::vector<CUgraphNode> dependencies;
    for (uint64_t dependency : step.dependencies)
      dependencies.push_back(nodes.at(dependency)); // Steps come after those they depend on.
    nodes[step.node] = graph->add(step.enabled ? step.operation : Operation(EmptyOperation{}), dependencies);
  }
  return graph;
}

/// Pairs the steps of an instantiated graph with those of a changed one: the same kinds in the same places
/// with the same dependencies. Returns where they first differ.
CUgraphExecUpdateResult compare(const std::vector<Step> &old, const std::vector<Step> &changed,
                                size_t &where) {
  where = 0;
  if (old.size() != changed.size())
    return CU_GRAPH_EXEC_UPDATE_ERROR_TOPOLOGY_CHANGED;
  std::map<uint64_t, uint64_t> pairs;
  for (size_t i = 0; i < old.size(); ++i)
    pairs[old[i].node] = changed[i].node;
  for (where = 0; where < old.size(); ++where) {
    const Step &before = old[where], &after = changed[where];
    if (before.operation.index() != after.operation.index())
      return CU_GRAPH_EXEC_UPDATE_ERROR_NODE_TYPE_CHANGED;
    std::vector<uint64_t> expected;
    for (uint64_t dependency : before.dependencies)
      expected.push_back(pairs[dependency]);
    std::sort(expected.begin(), expected.end());
    if (expected != after.dependencies)
      return CU_GRAPH_EXEC_UPDATE_ERROR_TOPOLOGY_CHANGED;
  }
  return CU_GRAPH_EXEC_UPDATE_SUCCESS;
}

} // namespace

CUresult cuGraphInstantiateWithFlags(CUgraphExec *exec, CUgraph graph, unsigned long long flags) {
  return instantiate(exec, graph, flags);
}

CUresult cuGraphInstantiateWithParams(CUgraphExec *exec, CUgraph graph,
                                      CUDA_GRAPH_INSTANTIATE_PARAMS *parameters) {
  if (!parameters)
    return CUDA_ERROR_INVALID_VALUE;
  CUresult code = instantiate(exec, graph, parameters->flags);
  parameters->hErrNode_out = nullptr;
  parameters->result_out =
      code == CUDA_SUCCESS ? CUDA_GRAPH_INSTANTIATE_SUCCESS : CUDA_GRAPH_INSTANTIATE_ERROR;
  return code;
}

CUresult cuGraphExecGetFlags(CUgraphExec exec, cuuint64_t *flags) {
  return withExec(exec, [&](CUgraphExec_st &found) {
    if (!flags)
      return CUDA_ERROR_INVALID_VALUE;
    *flags = found.flags;
    return CUDA_SUCCESS;
  });
}

CUresult cuGraphExecDestroy(CUgraphExec exec) {
  return withDriver([&](Lock &) -> CUresult {
    if (!Driver::get().graphExecs.contains(exec))
      return CUDA_ERROR_INVALID_VALUE;
    Driver::get().graphExecs.erase(exec);
    delete exec;
    return CUDA_SUCCESS;
  });
}

CUresult cuGraphUpload(CUgraphExec exec, CUstream) {
  return withExec(exec, [](CUgraphExec_st &) { return CUDA_SUCCESS; });
}

CUresult cuGraphLaunch(CUgraphExec exec, CUstream handle) {
  return withContext([&](Lock &lock, CUctx_st &) -> CUresult {
    CUstream stream = resolveStream(handle);
    if (!Driver::get().graphExecs.contains(exec))
      return CUDA_ERROR_INVALID_VALUE;
    if (!stream)
      return CUDA_ERROR_INVALID_HANDLE;
    if (stream->capture)
      return submit(lock, handle, ChildGraphOperation{graphOf(exec->steps)});
    std::vector<Step> steps = exec->steps; // A host function may destroy the graph.
    for (const Step &step : steps)
      if (step.enabled)
        if (CUresult code = submit(lock, handle, step.operation))
          return code;
    return CUDA_SUCCESS;
  });
}

CUresult cuGraphExecUpdate(CUgraphExec exec, CUgraph graph, CUgraphExecUpdateResultInfo *info) {
  return withExec(exec, [&](CUgraphExec_st &found) -> CUresult {
    if (!info || !Driver::get().graphs.contains(graph))
      return CUDA_ERROR_INVALID_VALUE;
    std::vector<Step> changed = stepsOf(*graph);
    size_t where = 0;
    *info = {};
    info->result = compare(found.steps, changed, where);
    if (info->result != CU_GRAPH_EXEC_UPDATE_SUCCESS) {
      if (where < changed.size())
        for (const auto &node : graph->nodes)
          if (node->id == changed[where].node)
            info->errorNode = node.get();
      return CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE;
    }
    // The steps keep the nodes they were made from: those are what the program sets parameters by.
    for (size_t i = 0; i < changed.size(); ++i)
      found.steps[i].operation = std::move(changed[i].operation);
    return CUDA_SUCCESS;
  });
}

CUresult cuGraphExecKernelNodeSetParams(CUgraphExec exec, CUgraphNode node,
                                        const CUDA_KERNEL_NODE_PARAMS *parameters) {
  return setStep(exec, node, parameters);
}

CUresult cuGraphExecMemcpyNodeSetParams(CUgraphExec exec, CUgraphNode node, const CUDA_MEMCPY3D *copy,
                                        CUcontext) {
  return setStep(exec, node, copy);
}

CUresult cuGraphExecMemsetNodeSetParams(CUgraphExec exec, CUgraphNode node,
                                        const CUDA_MEMSET_NODE_PARAMS *parameters, CUcontext) {
  return setStep(exec, node, parameters);
}

CUresult cuGraphExecHostNodeSetParams(CUgraphExec exec, CUgraphNode node,
                                      const CUDA_HOST_NODE_PARAMS *parameters) {
  return setStep(exec, node, parameters);
}

CUresult cuGraphExecNodeSetParams(CUgraphExec exec, CUgraphNode node, CUgraphNodeParams *parameters) {
  return setStep(exec, node, parameters);
}

CUresult cuGraphNodeSetEnabled(CUgraphExec exec, CUgraphNode node, unsigned enabled) {
  return withExec(exec, [&](CUgraphExec_st &found) {
    Step *step = Driver::get().nodes.contains(node) ? found.find(node) : nullptr;
    if (!step)
      return CUDA_ERROR_INVALID_VALUE;
    step->enabled = enabled != 0;
    return CUDA_SUCCESS;
  });
}

CUresult cuGraphNodeGetEnabled(CUgraphExec exec, CUgraphNode node, unsigned *enabled) {
  return withExec(exec, [&](CUgraphExec_st &found) {
    Step *step = Driver::get().nodes.contains(node) ? found.find(node) : nullptr;
    if (!step || !enabled)
      return CUDA_ERROR_INVALID_VALUE;
    *enabled = step->enabled;
    return CUDA_SUCCESS;
  });
}

MV_DRIVER_PER_THREAD(cuGraphInstantiateWithParams, _ptsz)
MV_DRIVER_PER_THREAD(cuGraphUpload, _ptsz)
MV_DRIVER_PER_THREAD(cuGraphLaunch, _ptsz)
