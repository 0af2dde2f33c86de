//===- Batches.cpp - Images through the model, batch by batch -------------------===//

#include "Batches.h"

#include "RandomImages.h"

using namespace mv;
using namespace mv::run;

size_t run::batchesInFlight(const std::string &device) { return device == "cpu" ? 1 : 2; }

//===----------------------------------------------------------------------===//
// Loading
//===----------------------------------------------------------------------===//

BatchLoader::BatchLoader(const Job &job, Session &session, size_t batch, size_t images)
    : job_(job), batch_(batch), images_(images), pool_(static_cast<unsigned>(job.options.threads)) {
  // One for each batch that the model may still read, and one to fill.
  const size_t inFlight = batchesInFlight(job.options.device), count = inFlight == 1 ? 1 : inFlight + 1;
  for (size_t index = 0; index < count; ++index)
    buffers_.push_back(std::make_unique<HostMemory>(session, batch * job.model.shape.bytes()));
}

Status BatchLoader::fill(size_t index) {
  const size_t begin = index * batch_, count = countFrom(begin);
  if (job_.options.randomSeed) {
    makeRandomImages(*job_.options.randomSeed, job_.model.shape, begin, count, buffer(index));
    return {};
  }
  return job_.inputs.load(begin, count, job_.model.shape, job_.model.preprocessing, pool_, buffer(index));
}

StatusOr<const void *> BatchLoader::next() {
  Status status = pending_.valid() ? pending_.get() : fill(next_);
  if (!status.ok())
    return status;
  const void *result = buffer(next_);
  ++next_;
  if (buffers_.size() > 1 && next_ * batch_ < images_)
    pending_ = std::async(std::launch::async, [this, index = next_] { return fill(index); });
  return result;
}

//===----------------------------------------------------------------------===//
// Running
//===----------------------------------------------------------------------===//

BatchRunner::BatchRunner(const Job &job, Session &session, size_t batch)
    : job_(job), session_(session), flights_(batchesInFlight(job.options.device)) {
  std::vector<bool> needed = job.keptOutputs;
  for (size_t i = 0; i < needed.size(); ++i)
    needed[i] = needed[i] || job.shownOutputs[i];
  for (Flight &flight : flights_)
    flight.outputs = std::make_unique<OutputStore>(job.model.outputs, batch, needed, &session);
}

BatchRunner::~BatchRunner() {
  mv_status_free(mv_session_wait(session_.get(), 0)); // Whatever failed, nobody asks any more.
}

void BatchRunner::start(const void *images, size_t begin, size_t count) {
  Flight &flight = flights_[started_ % flights_.size()];
  flight.begin = begin;
  flight.count = count;
  flight.run = job_.model.enqueue(session_, count, images, flight.outputs->pointers(0));
  ++started_;
}

FinishedBatch BatchRunner::finish() {
  const Flight &flight = flights_[finished_ % flights_.size()];
  session_.wait(flight.run);
  ++finished_;
  return {flight.begin, flight.count, flight.outputs.get()};
}
