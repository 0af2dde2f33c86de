//===- Traffic.cpp - What a kernel moves between the chip and its memory --------===//
//
// A model, not a measurement. It counts whole buffers, padding channels, halos and packed parameters included, and in
// addition what is read again from memory because the second-level cache has lost it. Assumed:
//
// - Blocks start in order, and as many run at once as registers, shared memory and threads allow.
// - Half the cache keeps what is read again; the other half is what streams through.
// - Successive blocks share what they read of activations: `multiplier` of them in a row, those of a product that take the
//   same rows, the heads of a window, the queries of a head. They read it once if all of them run at once or if it fits into
//   the cache; else once for each time that many blocks have come and gone.
// - All blocks share the parameters: once if they fit into the cache, else once for each such time.
// - A workspace is written and read once by the variants that use it: between two launches, or where the blocks of a product
//   share its sums.
// - Between two dispatches the cache keeps nothing, which at small batches is not so: there it is an upper bound.
//
// The simulator's counters bear out the sum of buffers: the distinct bytes that all kernels of a T touch at batch 1 are 0.4%
// less, some halos that nobody reads.
//
// Neighbouring rows that a convolution's blocks share are read by blocks that run at the same time.
//
//===----------------------------------------------------------------------===//

#include "ReportData.h"

#include <algorithm>

using namespace mv;
using namespace mv::report;

/// How many times what `sharers` blocks in a row read goes through memory.
static double timesRead(double bytes, int64_t sharers, int64_t concurrent, const Machine &machine) {
  bool fits = bytes <= double(machine.cacheBytes) / 2;
  return fits || sharers <= concurrent ? 1.0 : double(ceilDiv(sharers, concurrent));
}

Traffic Row::traffic(const Machine &machine, int64_t batch) const {
  Traffic traffic;
  traffic.ideal = double(batch * denseActivations + denseParameters);
  traffic.moved = double(batch * activations + parameters);
  const Variant *taken = variant(batch);
  if (!taken || taken->launches.empty())
    return traffic;
  const std::vector<Launch> &all = taken->launches;
  if (taken->workspace)
    traffic.moved += 2.0 * double(batch * workspace);
  // The launch with the most blocks does the main work.
  const Launch &main = *std::max_element(all.begin(), all.end(), [&](const Launch &a, const Launch &b) {
    return a.blocks(batch) < b.blocks(batch);
  });
  int64_t blocks = main.blocks(batch), concurrent = main.concurrentBlocks(machine);
  double shared = double(batch * activations) * double(main.multiplier) / double(blocks);
  traffic.moved +=
      double(batch * activations) * (timesRead(shared, main.multiplier, concurrent, machine) - 1);
  traffic.moved += double(parameters) * (timesRead(double(parameters), blocks, concurrent, machine) - 1);
  return traffic;
}

Traffic Entry::traffic(int64_t batch) const {
  Traffic sum;
  for (const Row &row : rows) {
    Traffic each = row.traffic(machine(), batch);
    sum.moved += each.moved;
    sum.ideal += each.ideal;
  }
  return sum;
}
