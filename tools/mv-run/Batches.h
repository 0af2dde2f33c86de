//===- Batches.h - Images through the model, batch by batch ---------*- C++ -*-===//
//
// Three things can go on at once where the model does not need the CPU: batch i + 1 is read and decoded, batch i is
// uploaded and computed, and the results of batch i - 1 are downloaded and shown. All in memory of the session's, which
// a GPU copies from and to by itself:
//
//     decode    0 | 1   | 2   | 3
//     GPU           0   | 1   | 2        its uploads and downloads overlap with its kernels, see mv.h
//     show                0   | 1
//
// On a CPU, which the model has to itself, one step follows the other.
//
//===----------------------------------------------------------------------===//

#ifndef MV_TOOLS_RUN_BATCHES_H
#define MV_TOOLS_RUN_BATCHES_H

#include "Job.h"

#include "mv/Support/ThreadPool.h"

#include <future>

namespace mv::run {

/// Batches that are on their way at once, on this device.
size_t batchesInFlight(const std::string &device);

/// Reads batches, in order, the next one while the model runs.
class BatchLoader {
public:
  /// Of the first `images` images.
  BatchLoader(const Job &job, Session &session, size_t batch, size_t images);

  size_t batch() const { return batch_; }
  size_t images() const { return images_; }
  /// How many images the batch from image `begin` on has.
  size_t countFrom(size_t begin) const { return std::min(batch_, images_ - begin); }

  /// The next batch. Valid for as many calls as there are batches in flight.
  StatusOr<const void *> next();

private:
  Status fill(size_t index);
  void *buffer(size_t index) const { return buffers_[index % buffers_.size()]->data(); }

  const Job &job_;
  size_t batch_, images_;
  ThreadPool pool_;
  std::vector<std::unique_ptr<HostMemory>> buffers_;
  size_t next_ = 0; ///< Batch.
  std::future<Status>
      pending_; ///< Of batch next_. Last: its destructor waits for the thread that uses the rest.
};

/// A batch that the model has run.
struct FinishedBatch {
  size_t begin, count;        ///< Of its images.
  const OutputStore *outputs; ///< Those of the job that are needed.
};

/// Runs batches, up to batchesInFlight() at once.
class BatchRunner {
public:
  BatchRunner(const Job &job, Session &session, size_t batch);
  /// Waits for what is under way, whose memory goes.
  ~BatchRunner();
  BatchRunner(const BatchRunner &) = delete;
  BatchRunner &operator=(const BatchRunner &) = delete;

  bool isFull() const { return started_ - finished_ == flights_.size(); }
  bool isEmpty() const { return started_ == finished_; }
  /// Begins a batch; not while it is full.
  void start(const void *images, size_t begin, size_t count);
  /// Waits for the batch that was begun first. Valid until the next start().
  FinishedBatch finish();

private:
  struct Flight {
    std::unique_ptr<OutputStore> outputs;
    size_t begin = 0, count = 0;
    uint64_t run = 0;
  };

  const Job &job_;
  Session &session_;
  std::vector<Flight> flights_;
  size_t started_ = 0, finished_ = 0;
};

} // namespace mv::run

#endif // MV_TOOLS_RUN_BATCHES_H
