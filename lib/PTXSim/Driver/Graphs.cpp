//===- Graphs.cpp - Graphs, their nodes and edges ------------------------------------------===//

#include "State.h"

#include <algorithm>
#include <cstdio>

using namespace mv::ptxsim;
using namespace mv::ptxsim::driver;

CUgraph_st::~CUgraph_st() {
  Driver &driver = Driver::get();
  for (const auto &node : nodes)
    driver.nodes.erase(node.get());
  driver.graphs.erase(this);
}

CUgraphNode CUgraph_st::add(Operation operation, std::vector<CUgraphNode> dependencies) {
  auto node = std::make_unique<CUgraphNode_st>();
  node->graph = this;
  node->operation = std::move(operation);
  node->dependencies = std::move(dependencies);
  Driver::get().nodes.insert(node.get());
  nodes.push_back(std::move(node));
  return nodes.back().get();
}

std::vector<CUgraphNode> CUgraph_st::sorted() const {
  std::map<CUgraphNode, size_t> waiting;
  std::map<CUgraphNode, std::vector<CUgraphNode>> after;
  std::map<uint64_t, CUgraphNode> ready; // By id, which is the order of addition.
  for (const auto &node : nodes) {
    waiting[node.get()] = node->dependencies.size();
    if (node->dependencies.empty())
      ready[node->id] = node.get();
    for (CUgraphNode dependency : node->dependencies)
      after[dependency].push_back(node.get());
  }
  std::vector<CUgraphNode> order;
  while (!ready.empty()) {
    CUgraphNode node = ready.begin()->second;
    ready.erase(ready.begin());
    order.push_back(node);
    for (CUgraphNode next : after[node])
      if (--waiting[next] == 0)
        ready[next->id] = next;
  }
  return order;
}

std::unique_ptr<CUgraph_st> CUgraph_st::clone() const {
  auto copy = std::make_unique<CUgraph_st>();
  std::map<CUgraphNode, CUgraphNode> twins;
  for (const auto &node : nodes) {
    CUgraphNode twin = copy->add(node->operation, {});
    twin->clonedFrom = node->id;
    twins[node.get()] = twin;
  }
  for (const auto &node : nodes)
    for (CUgraphNode dependency : node->dependencies)
      twins[node.get()]->dependencies.push_back(twins[dependency]);
  return copy;
}

namespace {

template <typename Body> CUresult withGraph(CUgraph graph, Body body) {
  return withDriver([&](Lock &) -> CUresult {
    return Driver::get().graphs.contains(graph) ? body(*graph) : CUDA_ERROR_INVALID_VALUE;
  });
}

template <typename Body> CUresult withNode(CUgraphNode node, Body body) {
  return withDriver([&](Lock &) -> CUresult {
    return Driver::get().nodes.contains(node) ? body(*node) : CUDA_ERROR_INVALID_VALUE;
  });
}

/// The usual contract of a query for a list: with no array, the count; else at most `count` entries and a
/// null after them.
template <typename T> void fill(const std::vector<T> &from, T *array, size_t *count) {
  if (array)
    for (size_t i = 0; i < *count; ++i)
      array[i] = i < from.size() ? from[i] : T{};
  *count = array ? std::min(*count, from.size()) : from.size();
}

std::vector<CUgraphNode> dependentsOf(CUgraphNode_st &node) {
  std::vector<CUgraphNode> dependents;
  for (const auto &other : node.graph->nodes)
    if (std::find(other->dependencies.begin(), other->dependencies.end(), &node) != other->dependencies.end())
      dependents.push_back(other.get());
  return dependents;
}

} // namespace

CUresult cuGraphCreate(CUgraph *graph, unsigned flags) {
  return withDriver([&](Lock &) -> CUresult {
    if (!graph || flags != 0)
      return CUDA_ERROR_INVALID_VALUE;
    *graph = new CUgraph_st;
    Driver::get().graphs.insert(*graph);
    return CUDA_SUCCESS;
  });
}

CUresult cuGraphDestroy(CUgraph graph) {
  return withGraph(graph, [&](CUgraph_st &found) {
    for (const std::shared_ptr<Capture> &capture : Driver::get().captures)
      if (capture->graph == graph)
        return CUDA_ERROR_INVALID_VALUE;
    if (found.nested)
      return CUDA_ERROR_INVALID_VALUE;
    delete graph;
    return CUDA_SUCCESS;
  });
}

CUresult cuGraphClone(CUgraph *copy, CUgraph graph) {
  return withGraph(graph, [&](CUgraph_st &found) {
    if (!copy)
      return CUDA_ERROR_INVALID_VALUE;
    *copy = found.clone().release();
    Driver::get().graphs.insert(*copy);
    return CUDA_SUCCESS;
  });
}

CUresult cuGraphNodeFindInClone(CUgraphNode *twin, CUgraphNode node, CUgraph copy) {
  return withGraph(copy, [&](CUgraph_st &found) {
    if (!twin || !Driver::get().nodes.contains(node))
      return CUDA_ERROR_INVALID_VALUE;
    for (const auto &candidate : found.nodes)
      if (candidate->clonedFrom == node->id) {
        *twin = candidate.get();
        return CUDA_SUCCESS;
      }
    return CUDA_ERROR_INVALID_VALUE;
  });
}

CUresult cuGraphNodeGetType(CUgraphNode node, CUgraphNodeType *type) {
  return withNode(node, [&](CUgraphNode_st &found) {
    if (!type)
      return CUDA_ERROR_INVALID_VALUE;
    *type = nodeType(found.operation);
    return CUDA_SUCCESS;
  });
}

CUresult cuGraphGetNodes(CUgraph graph, CUgraphNode *nodes, size_t *count) {
  return withGraph(graph, [&](CUgraph_st &found) {
    if (!count)
      return CUDA_ERROR_INVALID_VALUE;
    std::vector<CUgraphNode> all;
    for (const auto &node : found.nodes)
      all.push_back(node.get());
    fill(all, nodes, count);
    return CUDA_SUCCESS;
  });
}

CUresult cuGraphGetRootNodes(CUgraph graph, CUgraphNode *nodes, size_t *count) {
  return withGraph(graph, [&](CUgraph_st &found) {
    if (!count)
      return CUDA_ERROR_INVALID_VALUE;
    std::vector<CUgraphNode> roots;
    for (const auto &node : found.nodes)
      if (node->dependencies.empty())
        roots.push_back(node.get());
    fill(roots, nodes, count);
    return CUDA_SUCCESS;
  });
}

CUresult cuGraphGetEdges(CUgraph graph, CUgraphNode *from, CUgraphNode *to, CUgraphEdgeData *data,
                         size_t *count) {
  return withGraph(graph, [&](CUgraph_st &found) {
    if (!count || (from == nullptr) != (to == nullptr))
      return CUDA_ERROR_INVALID_VALUE;
    std::vector<CUgraphNode> sources, targets;
    for (const auto &node : found.nodes)
      for (CUgraphNode dependency : node->dependencies) {
        sources.push_back(dependency);
        targets.push_back(node.get());
      }
    size_t room = *count;
    fill(sources, from, count);
    fill(targets, to, &room);
    for (size_t i = 0; data && from && i < *count; ++i)
      data[i] = {};
    return CUDA_SUCCESS;
  });
}

CUresult cuGraphNodeGetDependencies(CUgraphNode node, CUgraphNode *dependencies, CUgraphEdgeData *data,
                                    size_t *count) {
  return withNode(node, [&](CUgraphNode_st &found) {
    if (!count)
      return CUDA_ERROR_INVALID_VALUE;
    fill(found.dependencies, dependencies, count);
    for (size_t i = 0; data && dependencies && i < *count; ++i)
      data[i] = {};
    return CUDA_SUCCESS;
  });
}

CUresult cuGraphNodeGetDependentNodes(CUgraphNode node, CUgraphNode *dependents, CUgraphEdgeData *data,
                                      size_t *count) {
  return withNode(node, [&](CUgraphNode_st &found) {
    if (!count)
      return CUDA_ERROR_INVALID_VALUE;
    fill(dependentsOf(found), dependents, count);
    for (size_t i = 0; data && dependents && i < *count; ++i)
      data[i] = {};
    return CUDA_SUCCESS;
  });
}

CUresult cuGraphAddDependencies(CUgraph graph, const CUgraphNode *from, const CUgraphNode *to,
                                const CUgraphEdgeData *, size_t count) {
  return withGraph(graph, [&](CUgraph_st &found) {
    for (size_t i = 0; i < count; ++i) {
      Driver &driver = Driver::get();
      if (!from || !to || !driver.nodes.contains(from[i]) || !driver.nodes.contains(to[i]) ||
          from[i] == to[i] || from[i]->graph != &found || to[i]->graph != &found)
        return CUDA_ERROR_INVALID_VALUE;
      std::vector<CUgraphNode> &dependencies = to[i]->dependencies;
      if (std::find(dependencies.begin(), dependencies.end(), from[i]) != dependencies.end())
        return CUDA_ERROR_INVALID_VALUE;
      dependencies.push_back(from[i]);
    }
    return CUDA_SUCCESS;
  });
}

CUresult cuGraphRemoveDependencies(CUgraph graph, const CUgraphNode *from, const CUgraphNode *to,
                                   const CUgraphEdgeData *, size_t count) {
  return withGraph(graph, [&](CUgraph_st &) {
    for (size_t i = 0; i < count; ++i) {
      if (!from || !to || !Driver::get().nodes.contains(to[i]) ||
          std::erase(to[i]->dependencies, from[i]) == 0)
        return CUDA_ERROR_INVALID_VALUE;
    }
    return CUDA_SUCCESS;
  });
}

CUresult cuGraphDestroyNode(CUgraphNode node) {
  return withNode(node, [&](CUgraphNode_st &found) {
    CUgraph graph = found.graph;
    for (CUgraphNode dependent : dependentsOf(found))
      std::erase(dependent->dependencies, node);
    Driver::get().nodes.erase(node);
    std::erase_if(graph->nodes, [&](const auto &candidate) { return candidate.get() == node; });
    return CUDA_SUCCESS;
  });
}

CUresult cuGraphDebugDotPrint(CUgraph graph, const char *path, unsigned) {
  return withGraph(graph, [&](CUgraph_st &found) {
    std::FILE *file = path ? std::fopen(path, "w") : nullptr;
    if (!file)
      return CUDA_ERROR_INVALID_VALUE;
    constexpr const char *kinds[] = {"empty", "kernel", "copy", "fill", "host", "record", "wait", "graph"};
    std::fprintf(file, "digraph {\n");
    for (const auto &node : found.nodes) {
      const auto *kernel = std::get_if<KernelOperation>(&node->operation);
      bool live = kernel && Driver::get().functions.contains(kernel->function);
      std::fprintf(file, "  n%llu [label=\"%s\"];\n", static_cast<unsigned long long>(node->id),
                   live ? kernel->function->info().name.c_str() : kinds[node->operation.index()]);
      for (CUgraphNode dependency : node->dependencies)
        std::fprintf(file, "  n%llu -> n%llu;\n", static_cast<unsigned long long>(dependency->id),
                     static_cast<unsigned long long>(node->id));
    }
    std::fprintf(file, "}\n");
    std::fclose(file);
    return CUDA_SUCCESS;
  });
}
