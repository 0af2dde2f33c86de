//===- Tables.cpp - Each distinct parameter and kernel once ---------------------===//

#include "Tables.h"

#include "mv/IR/Devices.h"
#include "mv/Plan/KernelNames.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/IR/OperationSupport.h"

using namespace mlir;
using namespace mv;

std::string NamePool::take(StringRef name) {
  std::string candidate = name.str();
  for (int suffix = 1; !taken.insert(candidate).second; ++suffix)
    candidate = (name + "_" + llvm::Twine(suffix)).str();
  return candidate;
}

//===----------------------------------------------------------------------===//
// Parameters
//===----------------------------------------------------------------------===//

/// The checkpoint's name that an expression is called after: the first one in it. Of the convolution's bias
/// folded with a batch norm, say, that is the convolution's bias.
static StringRef getFirstName(Value value) {
  if (auto parameter = value.getDefiningOp<ParameterOp>())
    return parameter.getName();
  for (Value operand : value.getDefiningOp()->getOperands())
    if (StringRef name = getFirstName(operand); !name.empty())
      return name;
  return {};
}

ParameterTable::Number ParameterTable::getNumber(Value value) {
  auto known = numberOfValue.find(value);
  if (known != numberOfValue.end())
    return known->second;
  Operation *op = value.getDefiningOp();
  std::vector<uintptr_t> key{reinterpret_cast<uintptr_t>(op->getName().getAsOpaquePointer()),
                             reinterpret_cast<uintptr_t>(op->getAttrDictionary().getAsOpaquePointer()),
                             reinterpret_cast<uintptr_t>(value.getType().getAsOpaquePointer())};
  for (Value operand : op->getOperands())
    key.push_back(getNumber(operand));
  Number number = numbers.try_emplace(std::move(key), numbers.size()).first->second;
  numberOfValue[value] = number;
  return number;
}

Value ParameterTable::clone(Value value, DenseMap<Number, Value> &cloned) {
  Number number = getNumber(value);
  if (Value existing = cloned.lookup(number))
    return existing;
  Operation *op = value.getDefiningOp();
  IRMapping mapping;
  for (Value operand : op->getOperands())
    mapping.map(operand, clone(operand, cloned));
  Value copy = builder.clone(*op, mapping)->getResult(0);
  cloned[number] = copy;
  return copy;
}

plan::ParameterOp ParameterTable::get(Value value) {
  plan::ParameterOp &parameter = parameters[getNumber(value)];
  if (parameter)
    return parameter;
  StringRef name = getFirstName(value);
  StringAttr symbol = builder.getStringAttr(names.take(name.empty() ? "zero" : name));
  parameter = plan::ParameterOp::create(builder, value.getLoc(), symbol, TypeAttr::get(value.getType()));
  OpBuilder::InsertionGuard guard(builder);
  builder.createBlock(&parameter.getBody());
  DenseMap<Number, Value> cloned;
  plan::YieldOp::create(builder, value.getLoc(), clone(value, cloned));
  return parameter;
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

plan::KernelOp KernelTable::get(KernelOp kernel) {
  auto type = FunctionType::get(kernel.getContext(), kernel.getInputs().getTypes(), kernel.getResultTypes());
  auto &candidates = kernels[type];
  for (auto [original, candidate] : candidates)
    if (getDevice(original) == getDevice(kernel) && getDType(original) == getDType(kernel) &&
        OperationEquivalence::isRegionEquivalentTo(&original.getBody(), &kernel.getBody(),
                                                   OperationEquivalence::IgnoreLocations))
      return candidate;
  plan::KernelOp created = create(kernel, type);
  candidates.emplace_back(kernel, created);
  return created;
}

plan::KernelOp KernelTable::create(KernelOp kernel, FunctionType type) {
  OpBuilder::InsertionGuard guard(builder);
  Block &body = kernel.getBody().front();
  StringRef device = getDevice(kernel), dtype = getDType(kernel);
  int64_t workspace = options.getWorkspaceBytes ? options.getWorkspaceBytes(body, device, dtype) : 0;
  std::string name = getKernelName(body);
  if (isForCUDA(kernel))
    name += ("_" + dtype).str();
  auto nameOrNull = [&](StringRef text) {
    return isForCUDA(kernel) ? builder.getStringAttr(text) : StringAttr();
  };
  auto created =
      plan::KernelOp::create(builder, kernel.getLoc(), names.take(name), type, kernel.getFamily(), workspace,
                             builder.getArrayAttr({}), nameOrNull(device), nameOrNull(dtype));
  SmallVector<Location> locations(body.getNumArguments(), kernel.getLoc());
  builder.createBlock(&created.getBody(), {}, body.getArgumentTypes(), locations);
  IRMapping mapping;
  mapping.map(body.getArguments(), created.getBody().getArguments());
  for (Operation &op : body.without_terminator())
    builder.clone(op, mapping);
  SmallVector<Value> yielded =
      llvm::map_to_vector(kernel.getYield().getValues(), [&](Value value) { return mapping.lookup(value); });
  plan::YieldOp::create(builder, kernel.getLoc(), yielded);
  return created;
}
