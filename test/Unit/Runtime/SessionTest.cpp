//===- SessionTest.cpp - Running packages through the C API ---------------------===//

#include "TestSession.h"

#include <cmath>
#include <sys/mman.h>
#include <thread>
#include <xmmintrin.h>

using namespace mv;
using namespace mv::test;

namespace {

struct SessionTest : testing::Test {
  TemporaryFolder folder;
  Package package{writeRunnablePackage(folder)};
};

} // namespace

// Pictures are a byte a value, wherever they lie; the two kinds of input are not taken for each other.
TEST_F(SessionTest, TakesPictures) {
  Package pictures(writePicturePackage(folder));
  EXPECT_STREQ(package.entry(0).input_type, "f32");
  EXPECT_STREQ(pictures.entry(0).input_type, "u8");
  Session session(pictures, sessionOptions(2));
  for (const int64_t batch : {1, 3, 64}) {
    const std::vector<uint8_t> bytes = testPictures(batch);
    const TestOutputs expected = expectedOutputs(asImages(bytes), batch, 1);
    TestOutputs first(batch), second(batch);
    float *firstPointers[] = {first.centred.data(), first.summary.data()};
    float *secondPointers[] = {second.centred.data(), second.summary.data()};
    session.run(0, batch, bytes.data(), firstPointers);
    EXPECT_EQ(first, expected) << batch;
    session.wait(session.enqueue(0, batch, bytes.data(), secondPointers));
    EXPECT_EQ(second, expected) << batch;
  }
}

TEST_F(SessionTest, NegativeInputTypes) {
  const std::vector<uint8_t> bytes = testPictures(2);
  const std::vector<float> images = testImages(2);
  TestOutputs outputs(2);
  float *pointers[] = {outputs.centred.data(), outputs.summary.data()};
  Session numbers(package, sessionOptions(1));
  const std::string wantsNumbers = "the input is u8: the package takes f32 [2, 3, 4, 5] (normalised images)";
  expectError(errorOf([&] { numbers.run(0, 2, bytes.data(), pointers); }), MV_INVALID_INPUT, wantsNumbers);
  expectError(errorOf([&] { numbers.enqueue(0, 2, bytes.data(), pointers); }), MV_INVALID_INPUT,
              wantsNumbers);
  Session pictures(Package(writePicturePackage(folder)), sessionOptions(1));
  const std::string wantsPictures = "the input is f32: the package takes u8 [2, 4, 5, 3] (pictures)";
  expectError(errorOf([&] { pictures.run(0, 2, images.data(), pointers); }), MV_INVALID_INPUT, wantsPictures);
  expectError(errorOf([&] { pictures.enqueue(0, 2, images.data(), pointers); }), MV_INVALID_INPUT,
              wantsPictures);
}

// Every dispatch, phase and workgroup runs once and in order, whatever the batch and the number of threads.
TEST_F(SessionTest, ComputesTheSameForEveryBatchAndThreadCount) {
  for (const unsigned threads : {1u, 2u, 4u}) {
    Session session(package, sessionOptions(threads));
    EXPECT_EQ(session.info().threads, threads);
    for (const int64_t batch : {1, 2, 3, 5, 64, 17, 1}) {
      const std::vector<float> images = testImages(batch);
      EXPECT_EQ(runSession(session, images, batch), expectedOutputs(images, batch, 1))
          << batch << " images, " << threads << " threads";
    }
  }
}

// No kernel of the package reads what no kernel wrote.
TEST_F(SessionTest, PoisonedMemoryChangesNothing) {
  mv_session_options options = sessionOptions(2);
  options.poison = 1;
  Session session(package, options);
  const std::vector<float> images = testImages(5);
  EXPECT_EQ(runSession(session, images, 5), expectedOutputs(images, 5, 1));
}

// Without the dispatch that writes the slice, poison shows in the result.
TEST_F(SessionTest, PoisonShowsReadsOfUnwrittenMemory) {
  const TemporaryFolder other;
  const Package incomplete(writeRunnablePackage(other, {"x86-64"}, [](package::ModelT &model) {
    auto &dispatches = model.entries[0]->programs[0]->dispatches;
    dispatches.erase(dispatches.begin());
  }));
  mv_session_options options = sessionOptions(1);
  options.poison = 1;
  Session session(incomplete, options);
  const TestOutputs outputs = runSession(session, testImages(1), 1);
  EXPECT_TRUE(std::isnan(outputs.centred[0]));
}

// Whatever the alignment of the caller's memory: kernels see aligned buffers, and nothing around outputs
// changes.
TEST_F(SessionTest, TakesUnalignedMemory) {
  constexpr int64_t kBatch = 3;
  const std::vector<float> images = testImages(kBatch);
  const TestOutputs expected = expectedOutputs(images, kBatch, 1);
  Session session(package, sessionOptions(2));
  for (size_t shift = 0; shift < 16; ++shift) {
    constexpr size_t kRoom = kBatch * kElements + 32;
    alignas(64) float input[kRoom], centred[kRoom], summary[kRoom];
    std::fill(std::begin(centred), std::end(centred), 77.0f);
    std::fill(std::begin(summary), std::end(summary), 77.0f);
    std::copy(images.begin(), images.end(), input + shift);
    float *outputs[] = {centred + shift, summary + shift};
    session.run(0, kBatch, input + shift, outputs);
    EXPECT_TRUE(std::equal(expected.centred.begin(), expected.centred.end(), centred + shift)) << shift;
    EXPECT_TRUE(std::equal(expected.summary.begin(), expected.summary.end(), summary + shift)) << shift;
    EXPECT_EQ(std::count(std::begin(centred), std::end(centred), 77.0f), 32) << shift;
    EXPECT_EQ(size_t(std::count(std::begin(summary), std::end(summary), 77.0f)),
              kRoom - expected.summary.size());
  }
}

// Kernels may read 64 bytes past the input; an input that ends where the mapping ends is therefore copied.
TEST_F(SessionTest, TakesAnInputThatEndsAtTheLastMappedByte) {
  constexpr int64_t kBatch = 4; // 960 bytes: the input is aligned to 64 bytes and ends with the page.
  constexpr size_t kPage = 4096;
  const std::vector<float> images = testImages(kBatch);
  void *pages = mmap(nullptr, 2 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(pages, MAP_FAILED);
  ASSERT_EQ(mprotect(static_cast<char *>(pages) + kPage, kPage, PROT_NONE), 0);
  auto *input = reinterpret_cast<float *>(static_cast<char *>(pages) + kPage - kBatch * kImageBytes);
  ASSERT_EQ(reinterpret_cast<uintptr_t>(input) % 64, 0u);
  std::copy(images.begin(), images.end(), input);
  Session session(package, sessionOptions(1));
  TestOutputs outputs(kBatch);
  float *pointers[] = {outputs.centred.data(), outputs.summary.data()};
  session.run(0, kBatch, input, pointers);
  EXPECT_EQ(outputs, expectedOutputs(images, kBatch, 1));
  munmap(pages, 2 * kPage);
}

// An output that is not wanted may be needed all the same.
TEST_F(SessionTest, LeavesOutUnwantedOutputs) {
  const std::vector<float> images = testImages(2);
  const TestOutputs expected = expectedOutputs(images, 2, 1);
  Session session(package, sessionOptions(2));
  TestOutputs outputs(2);
  float *onlySummary[] = {nullptr, outputs.summary.data()};
  session.run(0, 2, images.data(), onlySummary);
  EXPECT_EQ(outputs.summary, expected.summary);
  float *onlyCentred[] = {outputs.centred.data(), nullptr};
  session.run(0, 2, images.data(), onlyCentred);
  EXPECT_EQ(outputs.centred, expected.centred);
  float *none[] = {nullptr, nullptr};
  EXPECT_NO_THROW(session.run(0, 2, images.data(), none));
}

// Memory grows with the batch, and is kept for smaller ones.
TEST_F(SessionTest, ReservesOnce) {
  Session session(package, sessionOptions(2));
  EXPECT_EQ(session.runBytes(7, 1), 0u);
  EXPECT_EQ(session.runBytes(0, 0), 0u);
  EXPECT_LT(session.runBytes(0, 1), session.runBytes(0, 1000));
  session.reserve(0, 1000);
  const uint64_t reserved = session.info().memory_bytes;
  EXPECT_GE(reserved, session.runBytes(0, 1000));
  const std::vector<float> images = testImages(1000);
  runSession(session, images, 1000);
  runSession(session, images, 1);
  EXPECT_EQ(session.info().memory_bytes, reserved);
}

// A caller's rounding mode neither changes results nor is changed.
TEST_F(SessionTest, KeepsToItsOwnFloatingPointState) {
  const std::vector<float> images = testImages(8);
  Session session(package, sessionOptions(1));
  const unsigned before = _mm_getcsr();
  _MM_SET_ROUNDING_MODE(_MM_ROUND_UP);
  const unsigned mine = _mm_getcsr();
  const TestOutputs outputs = runSession(session, images, 8);
  EXPECT_EQ(_mm_getcsr(), mine);
  _mm_setcsr(before);
  EXPECT_EQ(outputs, expectedOutputs(images, 8, 1));
}

// Sessions on one package do not disturb each other.
TEST_F(SessionTest, SessionsAreIndependent) {
  std::vector<std::thread> threads;
  std::vector<int> wrong(3);
  for (int index = 0; index < 3; ++index)
    threads.emplace_back([&, index] {
      Session session(package, sessionOptions(2));
      for (int64_t batch = 1; batch < 30; ++batch) {
        const std::vector<float> images = testImages(batch + index);
        wrong[index] +=
            runSession(session, images, batch + index) != expectedOutputs(images, batch + index, 1);
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(wrong, std::vector<int>(3));
}

// Code and parameters stay mapped for as long as a session needs them.
TEST_F(SessionTest, OutlivesItsPackage) {
  std::optional<Package> closing(writeRunnablePackage(folder));
  Session session(*closing, sessionOptions(1));
  closing.reset();
  const std::vector<float> images = testImages(2);
  EXPECT_EQ(runSession(session, images, 2), expectedOutputs(images, 2, 1));
}

// One record for each dispatch, with the work of the whole batch.
TEST_F(SessionTest, Profiles) {
  Session session(package, sessionOptions(2));
  const std::vector<float> images = testImages(10);
  runSession(session, images, 10);
  EXPECT_TRUE(session.profile().empty());
  session.setProfiling(true);
  runSession(session, images, 10);
  const std::vector<mv_profile_record> records = session.profile();
  ASSERT_EQ(records.size(), 3u);
  EXPECT_STREQ(records[0].label, "stem.scale");
  EXPECT_STREQ(records[1].kernel, "centre");
  EXPECT_STREQ(records[2].family, "test");
  EXPECT_EQ(records[2].dispatch, 2u);
  EXPECT_EQ(records[2].kernel_index, 2u);
  EXPECT_EQ(records[0].flops, 10 * kElements);
  EXPECT_EQ(records[0].bytes, 10 * 2 * kImageBytes);
  EXPECT_EQ(records[0].workgroups, (10 * kElements + 6) / 7);
  EXPECT_EQ(records[1].workgroups, 20 + (10 * kElements + 6) / 7);
  EXPECT_EQ(records[2].workgroups, 4u);
  int64_t before = 0;
  for (const mv_profile_record &record : records) {
    EXPECT_GE(record.start_ns, before);
    EXPECT_GE(record.end_ns, record.start_ns);
    before = record.end_ns;
  }
  session.setProfiling(false);
  runSession(session, images, 10);
  EXPECT_TRUE(session.profile().empty());
}

//===----------------------------------------------------------------------===//
// Refusals
//===----------------------------------------------------------------------===//

TEST_F(SessionTest, NegativeRun) {
  Session session(package, sessionOptions(1));
  const std::vector<float> images = testImages(1);
  float *outputs[] = {nullptr, nullptr};
  auto run = [&](uint32_t entry, int64_t batch, const float *input, size_t count) {
    return errorOf([&] { session.run(entry, batch, input, std::span(outputs, count)); });
  };
  expectError(run(1, 1, images.data(), 2), MV_INVALID_INPUT, "no entry point 1: the package has 1");
  expectError(run(0, 0, images.data(), 2), MV_INVALID_INPUT, "a batch of 0 images");
  expectError(run(0, -3, images.data(), 2), MV_INVALID_INPUT, "a batch of -3 images");
  expectError(run(0, 1, nullptr, 2), MV_INVALID_INPUT, "[1, 3, 4, 5]");
  expectError(run(0, 1, images.data(), 1), MV_INVALID_INPUT, "each of the 2 outputs");
  expectError(run(0, INT64_MAX, images.data(), 2), MV_UNAVAILABLE, "beyond every machine's memory");
  // Too much for this machine, though not for arithmetic: the error names the bytes.
  constexpr int64_t kMany = int64_t(1) << 45;
  const Error tooMuch = run(0, kMany, images.data(), 2);
  expectError(tooMuch, MV_UNAVAILABLE, "this machine has");
  EXPECT_EQ(std::string(tooMuch.what())
                .find("a batch of 35184372088832 images of 'forward_4x5' needs " +
                      std::to_string(session.runBytes(0, kMany) / 10000000)),
            0u);
  // And the session goes on working.
  EXPECT_EQ(runSession(session, images, 1), expectedOutputs(images, 1, 1));
}

// What programs for GPUs do runs on a CPU, too: an enqueued run is over on return.
TEST_F(SessionTest, RunsWhatIsEnqueued) {
  Session session(package, sessionOptions(2));
  const std::vector<float> images = testImages(3);
  const HostMemory input(session, images.size() * sizeof(float)),
      centred(session, images.size() * sizeof(float));
  std::copy(images.begin(), images.end(), static_cast<float *>(input.data()));
  auto *result = static_cast<float *>(centred.data());
  float *outputs[] = {result, nullptr};
  const auto *pointer = static_cast<const float *>(input.data());
  EXPECT_EQ(session.enqueue(0, 1, pointer, outputs), 1u);
  EXPECT_EQ(session.enqueue(0, 3, pointer, outputs), 2u);
  EXPECT_EQ(std::vector<float>(result, result + images.size()), expectedOutputs(images, 3, 1).centred);
  session.wait(1);
  session.wait();
  expectError(errorOf([&] { session.wait(3); }), MV_INVALID_INPUT,
              "there is no run 3 to wait for: the latest is 2");
  int stream = 0;
  expectError(errorOf([&] { session.enqueue(0, 1, pointer, outputs, &stream); }), MV_INVALID_INPUT,
              "device 'cpu' has no streams");
  expectError(errorOf([&] { session.enqueue(0, -1, pointer, outputs); }), MV_INVALID_INPUT, "a batch of -1");
  expectError(errorOf([&] { const HostMemory none(session, 0); }), MV_INVALID_INPUT,
              "cannot allocate 0 bytes");
}

TEST_F(SessionTest, NegativeDevice) {
  auto create = [&](const char *device) {
    return errorOf([&] {
      mv_session_options options = MV_SESSION_OPTIONS_INIT;
      options.device = device;
      const Session session(package, options);
    });
  };
  for (const char *device : {"cuda", "cuda:0", "cuda:12"})
    expectError(create(device), MV_UNAVAILABLE, "device 'cuda' is not available");
  for (const char *device : {"gpu", "cuda:", "cuda:x", "cuda:1x", "cuda0", "CPU"})
    expectError(create(device), MV_INVALID_INPUT, "expected cpu, cuda or cuda:N");
}

TEST_F(SessionTest, NegativeThreads) {
  expectError(errorOf([&] { const Session session(package, sessionOptions(5000)); }), MV_INVALID_INPUT,
              "5000 threads are too many");
}

// The element's worth of scratch memory that no machine has.
TEST_F(SessionTest, NegativeScratch) {
  const Package greedy(writeRunnablePackage(folder, {"x86-64"}, [](package::ModelT &model) {
    model.kernels[0]->implementations[0]->scratch = uint64_t(1) << 32;
  }));
  expectError(errorOf([&] { const Session session(greedy, sessionOptions(1024)); }), MV_UNAVAILABLE,
              "the scratch memory of 1024 threads needs");
}
