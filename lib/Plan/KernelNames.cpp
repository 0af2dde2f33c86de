//===- KernelNames.cpp - Readable names for kernels -----------------------------===//

#include "mv/Plan/KernelNames.h"

#include "mv/IR/MVDialect.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mv;

/// The sizes of one image: 56x56x80.
static std::string formatSizes(Value value) {
  ArrayRef<int64_t> sizes = cast<RankedTensorType>(value.getType()).getShape().drop_front();
  return llvm::join(llvm::map_range(sizes, [](int64_t size) { return std::to_string(size); }), "x");
}

static int64_t channelsOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape().back(); }

static std::string nameConvolution(Conv2DOp op) {
  std::string name = "conv2d_3x3";
  if (int64_t(op.getStride()) != 1)
    name += "_s" + std::to_string(op.getStride());
  name += "_" + formatSizes(op.getInput());
  if (channelsOf(op.getResult()) != channelsOf(op.getInput()))
    name += "_n" + std::to_string(channelsOf(op.getResult()));
  return name;
}

/// m rows an image, k columns, n results, as in the literature on matrix products.
template <typename OpT> static std::string nameProduct(OpT op) {
  int64_t rows = 1;
  for (int64_t size : op.getInput().getType().getShape().drop_front().drop_back())
    rows *= size;
  return op->getName().stripDialect().str() + "_m" + std::to_string(rows) + "_k" +
         std::to_string(channelsOf(op.getInput())) + "_n" + std::to_string(channelsOf(op.getResult()));
}

/// The op's name without its dialect.
static std::string nameAny(Operation *op) { return op->getName().stripDialect().str(); }

static std::string nameRoot(Operation *root) {
  return llvm::TypeSwitch<Operation *, std::string>(root)
      .Case([](Conv2DOp op) { return nameConvolution(op); })
      .Case<LinearOp, NormLinearOp>([](auto op) { return nameProduct(op); })
      .Case([](AttentionOp op) {
        return "attention_h" + std::to_string(op.getHeads()) + "_" + formatSizes(op.getResult());
      })
      .Default([](Operation *op) { return nameAny(op) + "_" + formatSizes(op->getOperand(0)); });
}

/// The mixer's middle is named as a whole, by its input.
static std::string nameMixer(Block &body) {
  return "mixer_" + formatSizes(body.front().getOperand(0)); // the convolution's
}

std::string mv::getKernelName(Block &body) {
  Operation *root = nullptr;
  for (Operation &op : body.without_terminator())
    if (isa<KernelRootOpInterface>(op))
      root = &op;
  if (isa_and_present<SelectiveScanOp>(root) && isa<Conv1DOp>(body.front()))
    return nameMixer(body);
  std::string name;
  auto append = [&](const std::string &part) { name += (name.empty() ? "" : "_") + part; };
  for (Operation &op : body.without_terminator())
    append(&op == root ? nameRoot(&op) : nameAny(&op));
  if (body.without_terminator().empty())
    append("copy");
  if (!root)
    append(formatSizes(body.getTerminator()->getOperand(0)));
  return name;
}

StringRef mv::getPartName(Location location) {
  if (auto name = dyn_cast<NameLoc>(location))
    return name.getName();
  if (auto fused = dyn_cast<FusedLoc>(location))
    for (Location part : fused.getLocations())
      if (StringRef name = getPartName(part); !name.empty())
        return name;
  return {};
}
