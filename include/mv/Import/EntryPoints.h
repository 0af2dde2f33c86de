//===- EntryPoints.h - What a package is to answer ------------------*- C++ -*-===//
//
// One entry point for each resolution; all have the same outputs.
//
//===----------------------------------------------------------------------===//

#ifndef MV_IMPORT_ENTRYPOINTS_H
#define MV_IMPORT_ENTRYPOINTS_H

#include "mv/Import/ModelSpec.h"
#include "mv/Support/Status.h"

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mv {

struct Resolution {
  int64_t height = 0;
  int64_t width = 0;
  bool operator==(const Resolution &) const = default;
};

/// "forward_224x224"
std::string entryPointName(Resolution resolution);

/// "HxW,HxW...". Errors: anything else, sides of 0 or more than 65536, one resolution twice.
StatusOr<std::vector<Resolution>> parseResolutions(std::string_view text);

/// Those given, or the checkpoint's input size when there are none. Errors as above.
StatusOr<std::vector<Resolution>> selectResolutions(const ModelSpec &spec,
                                                    std::span<const Resolution> resolutions);

/// What an entry point is given.
enum class InputType {
  F32, ///< Normalised images, f32 [batch, channels, height, width].
  U8   ///< Pictures as they are decoded, u8 [batch, height, width, channels]; the model normalises them.
};

/// "f32" or "u8". Errors: anything else.
StatusOr<InputType> parseInputType(std::string_view text);

struct OutputSelection {
  bool logits = false;                ///< [batch, classes]; the pooled features when there are no classes.
  bool pooled = false;                ///< [batch, channels].
  std::array<bool, kLevels> stages{}; ///< Feature maps [batch, channels, height, width].
};

/// `names` of "logits", "pooled", "stages" (all four) and "stage0" ... "stage3"; none: logits and pooled, or
/// the stages of a backbone without a tail. Errors: another name, one twice, an output the checkpoint has no
/// tensors for.
StatusOr<OutputSelection> selectOutputs(const ModelSpec &spec, std::span<const std::string> names);

} // namespace mv

#endif // MV_IMPORT_ENTRYPOINTS_H
