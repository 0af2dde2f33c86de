//===- KernelBuilder.cpp - What all CPU kernel emitters build with --------------===//

#include "mv/Kernels/CPU/KernelBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mv;
using namespace mv::cpu;

/// Images that a buffer's type has room for: bare pointers need static shapes, and nothing looks at the size.
static constexpr int64_t kNominalBatch = 1 << 16;
/// Scratch memory and its parts are aligned to a cache line.
static constexpr int64_t kScratchAlignment = 64;

KernelBuilder::KernelBuilder(plan::KernelOp kernel, const Target &target, ModuleOp module)
    : IndexBuilder(kernel.getLoc(), kernel.getContext()), kernel(kernel), body(kernel.getBody().front()),
      target(target), module(module) {}

RankedTensorType KernelBuilder::inputType(unsigned index) {
  return cast<RankedTensorType>(kernel.getFunctionType().getInput(index));
}

RankedTensorType KernelBuilder::resultType(unsigned index) {
  return cast<RankedTensorType>(kernel.getFunctionType().getResult(index));
}

//===----------------------------------------------------------------------===//
// Phases
//===----------------------------------------------------------------------===//

/// All of an activation's images, or a parameter, in one dimension.
static MemRefType bufferType(RankedTensorType type) {
  int64_t elements = storedShape(type).elements();
  bool batched = type.getRank() > 0 && type.isDynamicDim(0);
  Type element = type.getElementType();
  if (element.isInteger()) // A picture's bytes: memory has no signs.
    element = IntegerType::get(type.getContext(), element.getIntOrFloatBitWidth());
  return MemRefType::get({batched ? elements * kNominalBatch : elements}, element);
}

void KernelBuilder::beginPhase() {
  SmallVector<Type> arguments;
  for (unsigned i = 0; i < numInputs(); ++i)
    arguments.push_back(bufferType(inputType(i)));
  for (unsigned i = 0; i < numResults(); ++i)
    arguments.push_back(bufferType(resultType(i)));
  if (kernel.getWorkspace() > 0)
    arguments.push_back(MemRefType::get({workspaceElements() * kNominalBatch}, getF32Type()));
  arguments.append(3, getIndexType());
  arguments.push_back(MemRefType::get({0}, getI8Type())); // sized by endPhase

  std::string name = kernel.getSymName().str();
  if (!phases.empty())
    name += "_phase" + std::to_string(phases.size());
  setInsertionPointToEnd(module.getBody());
  function = func::FuncOp::create(*this, name, getFunctionType(arguments, {}));
  enterFunction(*function.addEntryBlock());
  scratchBytes = 0;
}

void KernelBuilder::forEachWorkgroup(llvm::function_ref<void(Value)> emit) {
  unsigned first = firstIndexArgument();
  loop(function.getArgument(first + 1), function.getArgument(first + 2), 1, emit);
}

void KernelBuilder::forEachWorkgroup(unsigned carried,
                                     llvm::function_ref<SmallVector<Value>(Value, ValueRange)> emit) {
  unsigned first = firstIndexArgument();
  SmallVector<Value> initial(carried, index(-1));
  loop(function.getArgument(first + 1), function.getArgument(first + 2), 1, initial, emit);
}

void KernelBuilder::endPhase(int64_t items, int64_t group, int64_t multiplier) {
  func::ReturnOp::create(*this);
  BlockArgument scratch = function.getArguments().back();
  scratch.setType(MemRefType::get({scratchBytes}, getI8Type()));
  function.setFunctionType(getFunctionType(function.getBody().getArgumentTypes(), {}));
  phases.push_back(plan::PhaseAttr::get(getContext(), function.getSymName(), items, group, multiplier));
  maxScratchBytes = std::max(maxScratchBytes, scratchBytes);
}

plan::ImplementationAttr KernelBuilder::finish() {
  return plan::ImplementationAttr::get(getContext(), target.name, maxScratchBytes, phases);
}

Buffer KernelBuilder::bufferOf(unsigned argument, RankedTensorType type) {
  return {function.getArgument(argument), type, storedShape(type)};
}

Value KernelBuilder::allocateScratch(int64_t elements) {
  int64_t offset = scratchBytes;
  scratchBytes = roundUp(offset + elements * 4, kScratchAlignment);
  // At the top of the function, so that a part can be asked for anywhere.
  OpBuilder::InsertionGuard guard(*this);
  Value shift = index(offset);
  setInsertionPointAfterValue(shift);
  auto type = MemRefType::get({elements}, getF32Type());
  return memref::ViewOp::create(*this, type, function.getArguments().back(), shift, ValueRange());
}

//===----------------------------------------------------------------------===//
// Scalars and vectors
//===----------------------------------------------------------------------===//

Value KernelBuilder::constant(double value) {
  return arith::ConstantOp::create(*this, getFloatAttr(getF32Type(), value));
}

Value KernelBuilder::splat(double value) {
  return arith::ConstantOp::create(*this, DenseElementsAttr::get(vectorType(), float(value)));
}

Value KernelBuilder::broadcast(Value scalar) {
  return vector::BroadcastOp::create(*this, vectorType(), scalar);
}

Value KernelBuilder::add(Value a, Value b) { return arith::AddFOp::create(*this, a, b); }
Value KernelBuilder::sub(Value a, Value b) { return arith::SubFOp::create(*this, a, b); }
Value KernelBuilder::mul(Value a, Value b) { return arith::MulFOp::create(*this, a, b); }
Value KernelBuilder::div(Value a, Value b) { return arith::DivFOp::create(*this, a, b); }

Value KernelBuilder::fma(Value a, Value b, Value c) {
  // Without the instruction an fma would become a call of libm for every element.
  if (!target.hasFMA)
    return add(mul(a, b), c);
  return math::FmaOp::create(*this, a, b, c);
}

Value KernelBuilder::maximum(Value a, Value b) {
  Value less = arith::CmpFOp::create(*this, arith::CmpFPredicate::OLT, a, b);
  return arith::SelectOp::create(*this, less, b, a);
}

Value KernelBuilder::reduceLanes(Value vector, llvm::function_ref<Value(Value, Value)> combine) {
  for (int64_t lanes = target.lanes; lanes > 1; lanes /= 2) {
    SmallVector<int64_t> low, high;
    for (int64_t i = 0; i < lanes / 2; ++i) {
      low.push_back(i);
      high.push_back(i + lanes / 2);
    }
    Value lower = vector::ShuffleOp::create(*this, vector, vector, low);
    Value upper = vector::ShuffleOp::create(*this, vector, vector, high);
    vector = combine(lower, upper);
  }
  return vector::ExtractOp::create(*this, vector, ArrayRef<int64_t>{0});
}

Value KernelBuilder::sumLanes(Value vector) {
  return reduceLanes(vector, [&](Value a, Value b) { return add(a, b); });
}

Value KernelBuilder::maximumLanes(Value vector) {
  return reduceLanes(vector, [&](Value a, Value b) { return maximum(a, b); });
}

Value KernelBuilder::loadScalar(Value memory, Value offset) {
  return memref::LoadOp::create(*this, memory, offset);
}

void KernelBuilder::storeScalar(Value scalar, Value memory, Value offset) {
  memref::StoreOp::create(*this, scalar, memory, offset);
}

Value KernelBuilder::load(Value memory, Value offset) {
  return vector::LoadOp::create(*this, vectorType(), memory, offset);
}

void KernelBuilder::store(Value vector, Value memory, Value offset) {
  vector::StoreOp::create(*this, vector, memory, offset);
}

Value KernelBuilder::lanesBelow(Value channel, int64_t channels) {
  auto type = VectorType::get({target.lanes}, getI1Type());
  // Signed: a vector that lies in the padding alone has no lanes.
  Value left = arith::SubIOp::create(*this, index(channels), channel);
  return vector::CreateMaskOp::create(*this, type, ValueRange{left});
}

Value KernelBuilder::channelMask(Value channel, int64_t channels) {
  return channels % target.lanes == 0 ? Value() : lanesBelow(channel, channels);
}

Value KernelBuilder::zeroOutside(Value mask, Value vector) {
  return mask ? Value(arith::SelectOp::create(*this, mask, vector, splat(0.0))) : vector;
}

/// Elements from one position, or row of a parameter, to the next.
static int64_t rowLength(const Buffer &buffer) {
  bool packed = isa_and_present<PackedAttr>(buffer.type.getEncoding());
  return packed ? buffer.stored.sizes.back() : buffer.stored.channels;
}

Value KernelBuilder::loadVector(const Buffer &buffer, Value base, Value channel) {
  Value offset = plus(base, channel);
  Value mask = channelMask(channel, rowLength(buffer));
  if (!mask)
    return load(buffer.memory, offset);
  return vector::MaskedLoadOp::create(*this, vectorType(), buffer.memory, offset, mask, splat(0.0));
}

void KernelBuilder::storeVector(Value vector, const Buffer &buffer, Value base, Value channel) {
  Value offset = plus(base, channel);
  int64_t channels = buffer.channels(), length = rowLength(buffer);
  if (length == channels && channels % target.lanes == 0)
    return store(vector, buffer.memory, offset);
  Value mask = lanesBelow(channel, channels);
  if (length % target.lanes == 0)
    return store(zeroOutside(mask, vector), buffer.memory, offset);
  vector::MaskedStoreOp::create(*this, buffer.memory, offset, mask, vector);
}

void KernelBuilder::fillZeros(Value memory, Value offset, int64_t count) {
  int64_t whole = count / target.lanes * target.lanes;
  if (whole > 0)
    loop(0, whole, target.lanes, [&](Value i) { store(splat(0.0), memory, plus(offset, i)); });
  if (whole < count)
    loop(whole, count, 1, [&](Value i) { storeScalar(constant(0.0), memory, plus(offset, i)); });
}
