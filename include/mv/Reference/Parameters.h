//===- Parameters.h - Evaluation of parameter expressions -----------*- C++ -*-===//

#ifndef MV_REFERENCE_PARAMETERS_H
#define MV_REFERENCE_PARAMETERS_H

#include "mlir/IR/Value.h"
#include "mv/Reference/Tensor.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace mv {
class PackedAttr;
class SafetensorsFile;
} // namespace mv

namespace mv::reference {

/// Where the bytes behind `mv.parameter` come from.
class ParameterSource {
public:
  virtual ~ParameterSource() = default;
  /// Fills `out` with the tensor's elements as float32, in C order. An error when there is no such tensor or
  /// its shape is another. Safe from several threads.
  virtual llvm::Error read(llvm::StringRef name, llvm::ArrayRef<int64_t> shape,
                           llvm::MutableArrayRef<float> out) const = 0;
};

/// The tensors of one safetensors file, by the names in it.
class SafetensorsSource : public ParameterSource {
public:
  explicit SafetensorsSource(const SafetensorsFile &file) : file_(file) {}
  llvm::Error read(llvm::StringRef name, llvm::ArrayRef<int64_t> shape,
                   llvm::MutableArrayRef<float> out) const override;

private:
  const SafetensorsFile &file_;
};

/// The value of an expression of mv.parameter and mv.param.* ops. Arithmetic is in double, whatever the IR's
/// element type; the caller rounds once.
llvm::Expected<Tensor<double>> evaluateParameter(mlir::Value expression, const ParameterSource &source);

/// Evaluates `expression` and stores it rounded to float32, arranged as `packing` says (null: as it is).
/// `out` has the stored size (mv::storedShape). Plain tensors are read and packed without the detour over
/// double.
llvm::Error writeParameter(mlir::Value expression, PackedAttr packing, const ParameterSource &source,
                           llvm::MutableArrayRef<float> out);

} // namespace mv::reference

#endif // MV_REFERENCE_PARAMETERS_H
