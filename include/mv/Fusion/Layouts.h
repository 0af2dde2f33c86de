//===- Layouts.h - Decisions about stored activations ---------------*- C++ -*-===//

#ifndef MV_FUSION_LAYOUTS_H
#define MV_FUSION_LAYOUTS_H

#include <cstdint>

namespace mv {

/// The distance between neighbouring positions of a map or of tokens with this many channels: rounded up to
/// `multiple`, so that kernels load and store whole vectors. An image's few channels stay as they are.
int64_t getStoredChannels(int64_t channels, int64_t multiple);

} // namespace mv

#endif // MV_FUSION_LAYOUTS_H
