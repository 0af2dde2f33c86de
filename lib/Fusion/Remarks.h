//===- Remarks.h - What a pass did and did not do -------------------*- C++ -*-===//
//
// Seen with --remarks-filter=REGEX --remark-format=emitRemark; the categories are the passes' names.
//
//===----------------------------------------------------------------------===//

#ifndef MV_LIB_FUSION_REMARKS_H
#define MV_LIB_FUSION_REMARKS_H

#include "mlir/IR/Remarks.h"

namespace mv {

/// A rewrite that changes the cost of the model was done.
inline void remarkPassed(mlir::Location loc, llvm::StringRef pass, llvm::StringRef what) {
  mlir::remark::passed(loc, mlir::remark::RemarkOpts::name(what).category(pass));
}

/// One was not possible, and it is worth knowing why.
inline void remarkMissed(mlir::Location loc, llvm::StringRef pass, llvm::StringRef what,
                         llvm::StringRef why) {
  mlir::remark::missed(loc, mlir::remark::RemarkOpts::name(what).category(pass))
      << mlir::remark::reason("{0}", why);
}

} // namespace mv

#endif // MV_LIB_FUSION_REMARKS_H
