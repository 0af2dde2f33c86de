//===- CUDAImages.h - Which of a package's GPU images to run --------*- C++ -*-===//

#ifndef MV_LIB_RUNTIME_CUDAIMAGES_H
#define MV_LIB_RUNTIME_CUDAIMAGES_H

#include "mv/Package/Reader.h"
#include "mv/Support/Status.h"

#include <cstdint>
#include <string_view>
#include <vector>

namespace mv::runtime {

/// Whether a GPU of compute capability `capability` (80 for 8.0) runs `code`. A cubin runs on its own major version from
/// its minor one on; PTX on every later GPU; what a name ending in `a` stands for on that one alone.
bool runsOn(const package::Code &code, unsigned capability);

/// The images that can run all of the model's CUDA programs on such a GPU, best first: cubins before PTX, and the
/// later target before the earlier. Not empty.
StatusOr<std::vector<uint32_t>> chooseImages(const package::Model &model, unsigned capability);

/// The implementation of `kernel` for the target; null if there is none.
const package::GPUImplementation *findImplementation(const package::Kernel &kernel, std::string_view target);

} // namespace mv::runtime

#endif // MV_LIB_RUNTIME_CUDAIMAGES_H
