//===- CUDAStreamTest.cpp - Runs that the caller does not wait for --------------===//

#include "DriverTrace.h"
#include "GPUPackage.h"

#include <cstdlib>
#include <new>

using namespace mv;
using namespace mv::test;

/// Calls of operator new outside of the driver, by this thread.
static thread_local size_t allocations = 0;

void *operator new(size_t bytes) {
  allocations += DriverTrace::isInDriver ? 0 : 1;
  if (void *memory = std::malloc(bytes))
    return memory;
  throw std::bad_alloc();
}
void operator delete(void *memory) noexcept { std::free(memory); }
void operator delete(void *memory, size_t) noexcept { std::free(memory); }

namespace {

/// A program of its own that uses the GPU: its memory and streams, in the primary context.
class Caller {
public:
  Caller() : driver_(DriverTrace::driver()) {
    driver_.primaryRetain(&context_, 0);
    driver_.pushCurrent(context_);
  }
  ~Caller() {
    for (cuda::Address memory : memory_)
      driver_.memFree(memory);
    for (cuda::Stream stream : streams_)
      driver_.streamDestroy(stream);
    cuda::Context ignored;
    driver_.popCurrent(&ignored);
    driver_.primaryRelease(0);
  }

  cuda::Stream stream() {
    EXPECT_EQ(driver_.streamCreate(&streams_.emplace_back(), cuda::kNonBlocking), cuda::kSuccess);
    return streams_.back();
  }
  /// GPU memory that holds `values`.
  float *onGPU(const std::vector<float> &values) {
    cuda::Address &memory = memory_.emplace_back();
    EXPECT_EQ(driver_.memAlloc(&memory, values.size() * sizeof(float)), cuda::kSuccess);
    copy(memory, cuda::addressOf(values.data()), values.size());
    return reinterpret_cast<float *>(memory);
  }
  std::vector<float> fromGPU(const float *memory, size_t size) {
    std::vector<float> values(size);
    copy(cuda::addressOf(values.data()), cuda::addressOf(memory), size);
    return values;
  }

private:
  void copy(cuda::Address to, cuda::Address from, size_t size) {
    EXPECT_EQ(driver_.copyAsync(to, from, size * sizeof(float), nullptr), cuda::kSuccess);
    EXPECT_EQ(driver_.streamSynchronize(nullptr), cuda::kSuccess);
  }

  cuda::Driver &driver_;
  cuda::Context context_ = nullptr;
  std::vector<cuda::Stream> streams_;
  std::vector<cuda::Address> memory_;
};

/// Input and outputs of a run, in pinned memory.
class PinnedRun {
public:
  PinnedRun(Session &session, int64_t batch)
      : batch_(batch), images_(testImages(batch)), input_(session, images_.size() * sizeof(float)),
        centred_(session, images_.size() * sizeof(float)),
        summary_(session, static_cast<size_t>(batch) * kSummaryElements * sizeof(float)) {
    std::copy(images_.begin(), images_.end(), input());
  }

  float *input() const { return static_cast<float *>(input_.data()); }
  std::array<float *, 2> outputs() const {
    return {static_cast<float *>(centred_.data()), static_cast<float *>(summary_.data())};
  }
  uint64_t enqueue(Session &session, void *stream = nullptr) const {
    return session.enqueue(0, batch_, input(), outputs(), stream);
  }
  void expectRight() const {
    TestOutputs found(batch_);
    std::copy_n(outputs()[0], found.centred.size(), found.centred.begin());
    std::copy_n(outputs()[1], found.summary.size(), found.summary.begin());
    EXPECT_EQ(found, expectedOutputs(images_, batch_, kLevel));
  }

private:
  int64_t batch_;
  std::vector<float> images_;
  HostMemory input_, centred_, summary_;
};

struct CUDAStreamTest : testing::Test {
  CUDAStreamTest()
      : package(writeGPUPackage(folder, {readPTX("sm_80")})), session(package, onDevice("cuda")) {}

  TemporaryFolder folder;
  Package package;
  Session session;
};

/// The indices of the operations called `name`.
std::vector<size_t> operationsCalled(const DriverOrder &order, const std::string &name) {
  std::vector<size_t> result;
  for (size_t index = 0; index < order.operations().size(); ++index)
    if (order.operations()[index].call.name == name)
      result.push_back(index);
  return result;
}

} // namespace

/// Device memory in, device memory out, all of it on the caller's stream.
TEST_F(CUDAStreamTest, RunsOnACallersStream) {
  Caller caller;
  const cuda::Stream stream = caller.stream();
  for (const int64_t batch : {3, 1, 8, 3}) {
    const std::vector<float> images = testImages(batch);
    TestOutputs found(batch);
    float *outputs[] = {caller.onGPU(found.centred), caller.onGPU(found.summary)};
    const float *input = caller.onGPU(images);
    DriverTrace trace;
    const uint64_t run = session.enqueue(0, batch, input, outputs, stream);
    const DriverOrder order(trace.calls());
    for (const DriverOrder::Operation &operation : order.operations())
      EXPECT_EQ(operation.call.stream, stream) << operation.call.name;
    session.wait(run);
    found.centred = caller.fromGPU(outputs[0], found.centred.size());
    found.summary = caller.fromGPU(outputs[1], found.summary.size());
    EXPECT_EQ(found, expectedOutputs(images, batch, kLevel)) << batch;
  }
}

/// What a run does once its batch is known: nothing that allocates, on the GPU or the host, and nothing that waits.
TEST_F(CUDAStreamTest, SteadyStateNeitherAllocatesNorWaits) {
  Caller caller;
  const cuda::Stream stream = caller.stream();
  const PinnedRun one(session, 1), nine(session, 9);
  session.reserve(0, 1);
  session.reserve(0, 9);
  one.enqueue(session, stream);
  session.wait();
  for (void *given : {static_cast<void *>(stream), static_cast<void *>(nullptr)}) {
    for (int round = 0; round < 2; ++round) // The session's own streams take turns of two.
      for (const PinnedRun *run : {&one, &one, &nine, &nine})
        run->enqueue(session, given);
    DriverTrace trace;
    const size_t before = allocations;
    for (int round = 0; round < 5; ++round)
      for (const PinnedRun *run : {&nine, &one, &one, &nine})
        run->enqueue(session, given);
    EXPECT_GT(before, 0u);
    EXPECT_EQ(allocations, before);
    const std::set<std::string> allowed = {"pushCurrent",      "popCurrent",      "pointerGetAttributes",
                                           "streamGetContext", "streamWaitEvent", "copyAsync",
                                           "graphLaunch",      "eventRecord"};
    for (const DriverCall &call : trace.calls())
      EXPECT_TRUE(allowed.contains(call.name)) << call.name;
    EXPECT_EQ(trace.count("graphLaunch"), 20u);
    EXPECT_EQ(trace.count("copyAsync"), 60u);
  }
  session.wait();
  one.expectRight();
  nine.expectRight();
}

/// The first run after reserve() is such a run, too.
TEST_F(CUDAStreamTest, ReserveCapturesTheGraph) {
  const PinnedRun run(session, 4);
  Caller caller;
  const cuda::Stream stream = caller.stream();
  session.reserve(0, 4);
  DriverTrace trace;
  run.enqueue(session, stream);
  for (const char *name : {"memAlloc", "memHostAlloc", "beginCapture", "graphInstantiate", "eventSynchronize",
                           "streamSynchronize"})
    EXPECT_EQ(trace.count(name), 0u) << name;
  session.wait();
  run.expectRight();
}

/// A run on one stream waits for the run before it on another: both use the same intermediate results.
TEST_F(CUDAStreamTest, OrdersRunsOnDifferentStreams) {
  Caller caller;
  const PinnedRun first(session, 2), second(session, 2);
  session.reserve(0, 2);
  const cuda::Stream streams[] = {caller.stream(), caller.stream()};
  DriverTrace trace;
  first.enqueue(session, streams[0]);
  second.enqueue(session, streams[1]);
  session.wait();
  const DriverOrder order(trace.calls());
  ASSERT_EQ(order.operations().size(), 8u); // Copy, graph, two copies; twice.
  for (size_t later = 5; later < 8; ++later)
    for (size_t earlier = 0; earlier < 4; ++earlier)
      EXPECT_TRUE(order.isOrdered(earlier, later)) << earlier << " before " << later;
  EXPECT_TRUE(order.isOrdered(1, 4)); // The input's place is free when the kernels have read it.
  first.expectRight();
  second.expectRight();
}

/// The same between the session's own streams and a caller's, whose runs have no place for input and outputs in common.
TEST_F(CUDAStreamTest, OrdersRunsOnItsOwnStreamsAndOthers) {
  Caller caller;
  const PinnedRun runs[] = {{session, 2}, {session, 2}, {session, 2}};
  DriverTrace trace;
  runs[0].enqueue(session);
  runs[1].enqueue(session);
  runs[2].enqueue(session, caller.stream());
  session.wait();
  const DriverOrder order(trace.calls());
  const std::vector<size_t> graphs = operationsCalled(order, "graphLaunch");
  ASSERT_EQ(graphs.size(), 3u);
  EXPECT_TRUE(order.isOrdered(graphs[0], graphs[1]) && order.isOrdered(graphs[1], graphs[2]));
  for (const PinnedRun &run : runs)
    run.expectRight();
}

/// On the session's own streams, copies overlap with the kernels of the runs beside them, and nothing else does.
TEST_F(CUDAStreamTest, OverlapsCopiesWithKernels) {
  const PinnedRun runs[] = {{session, 6}, {session, 6}, {session, 6}, {session, 6}, {session, 6}};
  runs[0].enqueue(session);
  runs[1].enqueue(session);
  session.wait();
  DriverTrace trace;
  for (const PinnedRun &run : runs)
    run.enqueue(session);
  session.wait();
  const DriverOrder order(trace.calls());
  const std::vector<size_t> graphs = operationsCalled(order, "graphLaunch");
  ASSERT_EQ(graphs.size(), 5u);
  for (size_t run = 0; run < 5; ++run) {
    const size_t graph = graphs[run], upload = graph - 1, download = graph + 1;
    EXPECT_TRUE(order.isOrdered(upload, graph) && order.isOrdered(graph, download) &&
                order.isOrdered(graph, download + 1));
    if (run >= 1) { // The arena; the overlaps.
      EXPECT_TRUE(order.isOrdered(graphs[run - 1], graph));
      EXPECT_TRUE(order.mayOverlap(graphs[run - 1], upload));
      EXPECT_TRUE(order.mayOverlap(graphs[run - 1] + 1, graph));
      EXPECT_TRUE(order.mayOverlap(graphs[run - 1] + 2, upload));
    }
    if (run >= 2) { // The slot's input and outputs.
      EXPECT_TRUE(order.isOrdered(graphs[run - 2], upload));
      EXPECT_TRUE(order.isOrdered(graphs[run - 2] + 2, graph));
    }
  }
  for (const PinnedRun &run : runs)
    run.expectRight();
}

/// Runs of every kind one after another, also with other sizes, so that memory grows under way.
TEST_F(CUDAStreamTest, MixesRuns) {
  Caller caller;
  const PinnedRun small(session, 2), large(session, 40);
  const cuda::Stream stream = caller.stream();
  small.enqueue(session);
  const uint64_t second = small.enqueue(session, stream);
  expectRight(session, 5);
  large.enqueue(session);
  large.enqueue(session);
  EXPECT_EQ(small.enqueue(session), second + 4);
  expectRight(session, 41);
  session.wait();
  small.expectRight();
  large.expectRight();
}

/// The default stream has a handle of its own here: null is the session's streams.
TEST_F(CUDAStreamTest, RunsOnTheDefaultStream) {
  auto *legacy = reinterpret_cast<void *>(1); // CU_STREAM_LEGACY
  const PinnedRun run(session, 2);
  DriverTrace trace;
  run.enqueue(session, legacy);
  const DriverOrder order(trace.calls());
  for (const DriverOrder::Operation &operation : order.operations())
    EXPECT_EQ(operation.call.stream, legacy) << operation.call.name;
  session.wait();
  run.expectRight();
}

/// With poison, no run sees what another has left, and none destroys what another still needs.
TEST_F(CUDAStreamTest, Poison) {
  mv_session_options options = onDevice("cuda");
  options.poison = 1;
  Session poisoned(package, options);
  const PinnedRun runs[] = {{poisoned, 3}, {poisoned, 3}, {poisoned, 3}};
  DriverTrace trace;
  for (const PinnedRun &run : runs)
    run.enqueue(poisoned);
  poisoned.wait();
  for (const PinnedRun &run : runs)
    run.expectRight();
  const DriverOrder order(trace.calls());
  const std::vector<size_t> fills = operationsCalled(order, "fillAsync"),
                            graphs = operationsCalled(order, "graphLaunch");
  ASSERT_EQ(fills.size(), 6u); // The slot, then the arena.
  EXPECT_TRUE(order.isOrdered(graphs[0] + 2, fills[4]) && order.isOrdered(fills[4], graphs[2]));
  EXPECT_TRUE(order.isOrdered(graphs[1], fills[5]) && order.isOrdered(fills[5], graphs[2]));
}

/// A run that is waited for takes memory of any kind, and copies only what is pageable.
TEST_F(CUDAStreamTest, RunTakesDeviceMemory) {
  Caller caller;
  const std::vector<float> images = testImages(3);
  TestOutputs found(3);
  float *outputs[] = {caller.onGPU(found.centred), found.summary.data()};
  session.run(0, 3, caller.onGPU(images), outputs);
  found.centred = caller.fromGPU(outputs[0], found.centred.size());
  EXPECT_EQ(found, expectedOutputs(images, 3, kLevel));
}

TEST_F(CUDAStreamTest, NegativePageableMemory) {
  const PinnedRun run(session, 2);
  const std::vector<float> images = testImages(2);
  std::vector<float> result(images.size());
  expectError(errorOf([&] { session.enqueue(0, 2, images.data(), run.outputs()); }), MV_INVALID_INPUT,
              "the input lies in pageable memory");
  float *outputs[] = {result.data(), nullptr};
  expectError(errorOf([&] { session.enqueue(0, 2, run.input(), outputs); }), MV_INVALID_INPUT,
              "the output lies in pageable memory");
  expectError(errorOf([&] { session.wait(1); }), MV_INVALID_INPUT, "there is no run 1");
  expectError(errorOf([&] { session.enqueue(0, 0, run.input(), run.outputs()); }), MV_INVALID_INPUT,
              "a batch of 0");
}

/// How much is needed, and how much there is; a smaller batch runs afterwards.
TEST_F(CUDAStreamTest, NegativeTooLittleMemory) {
  DriverTrace trace;
  trace.limitAllocations(20000);
  // The arena takes 40 * 320 + 64 bytes, rounded up to 256; input and outputs 40 * 240 and 40 * 16.
  const Error error = errorOf([&] { expectRight(session, 40); });
  expectError(error, MV_UNAVAILABLE,
              "a batch of 40 images of 'forward_4x5' needs 33280 bytes of GPU memory: ");
  expectError(error, MV_UNAVAILABLE, " are free");
  expectRight(session, 20);
}
