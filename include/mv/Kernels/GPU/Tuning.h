//===- Tuning.h - Tiles that a file says instead of the model of time ----*- C++ -*-===//
//
// What was measured on a chip overrides what Decisions.h computes, product by product and from a batch on:
//
//     {"products": [
//       {"target": "sm_90", "dtype": "f16", "kind": "linear", "rows": 49, "columns": 640, "depth": 2560, "batch": 1,
//        "shared": true, "tile": {"rows": 64, "columns": 64, "warp_rows": 32, "warp_columns": 32, "stages": 4,
//                                 "stage_bytes": 128}}
//     ]}
//
// Any tile that the main loop can run will do. It changes no bit of a result.
//
//===----------------------------------------------------------------------===//

#ifndef MV_KERNELS_GPU_TUNING_H
#define MV_KERNELS_GPU_TUNING_H

#include "mv/Kernels/GPU/Decisions.h"
#include "mv/Support/Status.h"
#include "llvm/Support/JSON.h"

#include <string>
#include <vector>

namespace mv::gpu {

class Tuning {
public:
  /// `path` is for messages. An error names the entry, counted from 1, and the key.
  static StatusOr<Tuning> parse(llvm::StringRef text, const std::string &path);

  /// `chosen`, but for what the entries for this product say: they rule from the first one's batch on. `kind`: linear,
  /// norm_linear or conv2d. Notes which entries were used.
  llvm::SmallVector<ProductVariant, 3> apply(llvm::SmallVector<ProductVariant, 3> chosen,
                                             llvm::StringRef kind, const ProductShape &shape, DType dtype,
                                             const Target &target);

  /// One line with how many entries were used, and one for each that was not.
  std::vector<std::string> notes() const;

private:
  struct Entry {
    std::string target, kind;
    DType dtype;
    ProductShape shape;
    ProductVariant variant;
    int64_t number; ///< In the file, from 1.
    bool used = false;

    std::string product() const;
  };

  StatusOr<Entry> parseEntry(const llvm::json::Object &object, int64_t number) const;
  Status checkEntries() const;
  Status error(const std::string &message) const;
  Status error(int64_t number, const std::string &message) const;

  std::string path;
  std::vector<Entry> entries; ///< By product, then by batch.
};

} // namespace mv::gpu

#endif // MV_KERNELS_GPU_TUNING_H
