//===- KernelBuilder.cpp - What all GPU kernel emitters build with --------------===//

#include "mv/Kernels/GPU/KernelBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mv;
using namespace mv::gpu;

static constexpr int64_t kWarpThreads = 32;
static constexpr int64_t kSharedAlignment = 128;
static constexpr unsigned kGlobalSpace = 1, kSharedSpace = 3;
/// All dynamic shared memory of a block: what is allocated lies at offsets from it.
static constexpr StringLiteral kSharedSymbol = "dynamic_shared";

KernelBuilder::KernelBuilder(plan::KernelOp kernel, const Target &target, mlir::gpu::GPUModuleOp module,
                             Tuning *tuning)
    : IndexBuilder(kernel.getLoc(), kernel.getContext()), kernel(kernel), body(kernel.getBody().front()),
      target(target), dtype(*parseDType(kernel.getDtype().value_or("f16"))), tuning(tuning), module(module) {}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

void KernelBuilder::finishVariant() {
  if (variantBatch > 0)
    variants.push_back(plan::VariantAttr::get(getContext(), variantBatch, usesWorkspace, launches));
  launches.clear();
  usesWorkspace = false;
}

void KernelBuilder::beginVariant(int64_t batch) {
  finishVariant();
  variantBatch = batch;
}

void KernelBuilder::beginLaunch(int64_t count) {
  bool hasWorkspace = kernel.getWorkspace() > 0;
  SmallVector<Type> arguments(numInputs() + numResults() + (hasWorkspace ? 1 : 0),
                              LLVM::LLVMPointerType::get(getContext(), kGlobalSpace));
  arguments.push_back(getI32Type());
  std::string name = kernel.getSymName().str();
  if (!variants.empty())
    name += "_batch" + std::to_string(variantBatch);
  if (!launches.empty())
    name += "_part" + std::to_string(launches.size());

  threads = count;
  sharedNow = sharedMost = 0;
  setInsertionPointToEnd(module.getBody());
  function = mlir::gpu::GPUFuncOp::create(*this, name, getFunctionType(arguments, {}));
  function->setAttr(mlir::gpu::GPUDialect::getKernelFuncAttrName(), getUnitAttr());
  function.setKnownBlockSize(ArrayRef<int32_t>{int32_t(threads), 1, 1});
  enterFunction(function.getBody().front());
  batchValue = arith::IndexCastOp::create(*this, getIndexType(), function.getArguments().back());
  blockValue = mlir::gpu::BlockIdOp::create(*this, mlir::gpu::Dimension::x);
  threadValue = mlir::gpu::ThreadIdOp::create(*this, mlir::gpu::Dimension::x);
  findWarp();
}

void KernelBuilder::findWarp() {
  laneValue = remainder(threadValue, kWarpThreads);
  // From lane 0: so ptxas sees that a whole warp agrees, and keeps what follows from it in uniform registers.
  warpValue = threads <= kWarpThreads ? index(0) : shuffleFrom(quotient(threadValue, kWarpThreads), index(0));
}

/// With side effects, for all that the optimizer knows: so it cannot take what was read before instead.
void KernelBuilder::readPlaceAgain() {
  auto read = [&](StringRef assembly, StringRef constraints, ValueRange operands) -> Value {
    auto op = LLVM::InlineAsmOp::create(*this, getI32Type(), operands, assembly, constraints,
                                        /*has_side_effects=*/true, /*is_align_stack=*/false,
                                        LLVM::tailcallkind::TailCallKind::None, LLVM::AsmDialectAttr(),
                                        ArrayAttr());
    return arith::IndexCastOp::create(*this, getIndexType(), op.getResult(0));
  };
  batchValue = read("mov.u32 $0, $1;", "=r,r", Value(function.getArguments().back()));
  blockValue = read("mov.u32 $0, %ctaid.x;", "=r", {});
  threadValue = read("mov.u32 $0, %tid.x;", "=r", {});
  findWarp();
}

void KernelBuilder::keepResident(int64_t blocks) {
  function->setAttr(NVVM::NVVMDialect::getMinctasmAttrName(), getI32IntegerAttr(int32_t(blocks)));
}

void KernelBuilder::endLaunch(int64_t items, int64_t group, int64_t multiplier) {
  mlir::gpu::ReturnOp::create(*this);
  launches.push_back(
      plan::LaunchAttr::get(getContext(), function.getName(), items, group, multiplier, threads, sharedMost));
}

plan::GPUImplementationAttr KernelBuilder::finish() {
  finishVariant();
  return plan::GPUImplementationAttr::get(getContext(), target.name, variants);
}

Value KernelBuilder::batch() { return batchValue; }
Value KernelBuilder::block() { return blockValue; }
Value KernelBuilder::thread() { return threadValue; }
Value KernelBuilder::warp() { return warpValue; }
Value KernelBuilder::lane() { return laneValue; }

Buffer KernelBuilder::input(unsigned index) {
  auto type = cast<RankedTensorType>(kernel.getFunctionType().getInput(index));
  return {function.getArgument(index), type, storedShape(type)};
}

Buffer KernelBuilder::input(Value argument) { return input(cast<BlockArgument>(argument).getArgNumber()); }

Buffer KernelBuilder::result(unsigned index) {
  auto type = cast<RankedTensorType>(kernel.getFunctionType().getResult(index));
  return {function.getArgument(numInputs() + index), type, storedShape(type)};
}

Value KernelBuilder::workspace() {
  usesWorkspace = true;
  return function.getArgument(numInputs() + numResults());
}

//===----------------------------------------------------------------------===//
// Shared memory
//===----------------------------------------------------------------------===//

Value KernelBuilder::allocateShared(int64_t bytes) {
  auto byteArray = LLVM::LLVMArrayType::get(getI8Type(), 0);
  auto global = module.lookupSymbol<LLVM::GlobalOp>(kSharedSymbol);
  if (!global) {
    OpBuilder::InsertionGuard guard(*this);
    setInsertionPointToStart(module.getBody());
    global = LLVM::GlobalOp::create(*this, byteArray, /*isConstant=*/false, LLVM::Linkage::External,
                                    kSharedSymbol, Attribute(), kSharedAlignment, kSharedSpace);
  }
  auto pointer = LLVM::LLVMPointerType::get(getContext(), kSharedSpace);
  Value base = LLVM::AddressOfOp::create(*this, pointer, kSharedSymbol);
  Value part = address(base, index(sharedNow), getI8Type());
  sharedNow = roundUp(sharedNow + bytes, kSharedAlignment);
  sharedMost = std::max(sharedMost, sharedNow);
  return part;
}

int64_t KernelBuilder::sharedBytes() const { return sharedNow; }
void KernelBuilder::releaseShared(int64_t bytes) { sharedNow = bytes; }

void KernelBuilder::barrier() { mlir::gpu::BarrierOp::create(*this); }

/// Barrier 0 is the block's.
void KernelBuilder::barrier(Value group, int64_t threads) {
  Value number = arith::IndexCastOp::create(*this, getI32Type(), plus(group, 1));
  Value count = arith::ConstantIntOp::create(*this, threads, 32);
  NVVM::BarrierOp::create(*this, TypeRange{}, number, count, NVVM::BarrierReductionAttr{}, Value{});
}

//===----------------------------------------------------------------------===//
// Blocks that wait for each other's results
//===----------------------------------------------------------------------===//

Value KernelBuilder::allocateCounters(int64_t count) {
  auto array = LLVM::LLVMArrayType::get(getI32Type(), count);
  std::string name = (function.getName() + "_counters").str();
  {
    OpBuilder::InsertionGuard guard(*this);
    setInsertionPoint(function);
    LLVM::GlobalOp::create(*this, array, /*isConstant=*/false, LLVM::Linkage::Internal, name,
                           getZeroAttr(VectorType::get({count}, getI32Type())), /*alignment=*/4,
                           kGlobalSpace);
  }
  return LLVM::AddressOfOp::create(*this, LLVM::LLVMPointerType::get(getContext(), kGlobalSpace), name);
}

/// Fences of its own order it, so it need not.
Value KernelBuilder::countUp(Value counters, Value index, int64_t last) {
  Value limit = arith::ConstantIntOp::create(*this, last, 32);
  return LLVM::AtomicRMWOp::create(*this, LLVM::AtomicBinOp::uinc_wrap,
                                   address(counters, index, getI32Type()), limit,
                                   LLVM::AtomicOrdering::monotonic, "device");
}

void KernelBuilder::fence() { NVVM::MembarOp::create(*this, NVVM::MemScopeKind::GPU); }

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

Value KernelBuilder::address(Value pointer, Value offset, Type element) {
  APInt constant;
  if (matchPattern(offset, m_ConstantInt(&constant))) {
    if (constant.isZero())
      return pointer;
    return LLVM::GEPOp::create(*this, pointer.getType(), element, pointer,
                               ArrayRef<LLVM::GEPArg>{int32_t(constant.getSExtValue())});
  }
  Value index = arith::IndexCastOp::create(*this, getI32Type(), offset);
  return LLVM::GEPOp::create(*this, pointer.getType(), element, pointer, ArrayRef<LLVM::GEPArg>{index});
}

/// The type of one access: elements of 16 bits travel as words of 32, which makes one instruction of them.
static Type accessType(Type element, int64_t lanes) {
  if (lanes == 1)
    return element;
  if (element.getIntOrFloatBitWidth() >= 32)
    return VectorType::get({lanes}, element);
  Type word = IntegerType::get(element.getContext(), 32);
  int64_t words = lanes * element.getIntOrFloatBitWidth() / 32;
  return words == 1 ? word : VectorType::get({words}, word);
}

Value KernelBuilder::load(Value pointer, Value offset, Type element, int64_t lanes) {
  unsigned bytes = lanes * element.getIntOrFloatBitWidth() / 8;
  Type access = accessType(element, lanes);
  Value loaded = LLVM::LoadOp::create(*this, access, address(pointer, offset, element), bytes);
  Type wanted = lanes == 1 ? element : VectorType::get({lanes}, element);
  return access == wanted ? loaded : LLVM::BitcastOp::create(*this, wanted, loaded);
}

void KernelBuilder::store(Value value, Value pointer, Value offset, int64_t lanes) {
  Type element = getElementTypeOrSelf(value.getType());
  unsigned bytes = lanes * element.getIntOrFloatBitWidth() / 8;
  Type access = accessType(element, lanes);
  if (access != value.getType())
    value = LLVM::BitcastOp::create(*this, access, value);
  LLVM::StoreOp::create(*this, value, address(pointer, offset, element), bytes);
}

/// `type` with the elements of another.
static Type withElement(Type type, Type element) {
  auto vector = dyn_cast<VectorType>(type);
  return vector ? VectorType::get(vector.getShape(), element) : element;
}

Value KernelBuilder::toF32(Value value) {
  if (getElementTypeOrSelf(value.getType()).isF32())
    return value;
  return arith::ExtFOp::create(*this, withElement(value.getType(), getF32Type()), value);
}

Value KernelBuilder::fromF32(Value value, Type element) {
  if (element.isF32())
    return value;
  return arith::TruncFOp::create(*this, withElement(value.getType(), element), value);
}

Value KernelBuilder::extract(Value vector, int64_t lane) {
  if (!isa<VectorType>(vector.getType()))
    return vector;
  return vector::ExtractOp::create(*this, vector, ArrayRef<int64_t>{lane});
}

Value KernelBuilder::pack(ValueRange scalars) {
  if (scalars.size() == 1)
    return scalars.front();
  auto type = VectorType::get({int64_t(scalars.size())}, scalars.front().getType());
  return vector::FromElementsOp::create(*this, type, scalars);
}

//===----------------------------------------------------------------------===//
// Asynchronous copies
//===----------------------------------------------------------------------===//

void KernelBuilder::copyAsync(Value shared, Value global, Value exists) {
  constexpr int64_t kBytes = 16;
  Value size;
  if (exists)
    size = select(exists, arith::ConstantIntOp::create(*this, kBytes, 32),
                  arith::ConstantIntOp::create(*this, 0, 32));
  NVVM::CpAsyncOp::create(*this, shared, global, kBytes, NVVM::LoadCacheModifierKind::CG, size);
}

void KernelBuilder::commitCopies() { NVVM::CpAsyncCommitGroupOp::create(*this); }
void KernelBuilder::waitCopies(int64_t groupsInFlight) {
  NVVM::CpAsyncWaitGroupOp::create(*this, groupsInFlight);
}

//===----------------------------------------------------------------------===//
// Matrix units
//===----------------------------------------------------------------------===//

KernelBuilder::Values KernelBuilder::unpack(Value structure, int64_t count) {
  if (!isa<LLVM::LLVMStructType>(structure.getType()))
    return {structure};
  Values values;
  for (int64_t i = 0; i < count; ++i)
    values.push_back(LLVM::ExtractValueOp::create(*this, structure, ArrayRef<int64_t>{i}));
  return values;
}

SmallVector<Value> KernelBuilder::loadMatrix(Value address, int64_t count, bool transpose) {
  Type result = getI32Type();
  if (count > 1)
    result = LLVM::LLVMStructType::getLiteral(getContext(), SmallVector<Type>(count, getI32Type()));
  Value loaded = NVVM::LdMatrixOp::create(
      *this, result, address, count, transpose ? NVVM::MMALayout::col : NVVM::MMALayout::row,
      NVVM::LdStMatrixShapeAttr::get(getContext(), 8, 8), NVVM::LdStMatrixEltType::B16);
  return unpack(loaded, count);
}

KernelBuilder::Values KernelBuilder::multiplyOnce(ValueRange a, ValueRange b, ValueRange accumulators) {
  auto types = [&](NVVM::MMATypes type) { return std::array<NVVM::MMATypes, 2>{type, type}; };
  NVVM::MMATypes type = dtype == DType::F16    ? NVVM::MMATypes::f16
                        : dtype == DType::BF16 ? NVVM::MMATypes::bf16
                                               : NVVM::MMATypes::tf32;
  Values left(a), right(b);
  if (dtype == DType::F16)
    for (Values *operands : {&left, &right})
      for (Value &operand : *operands)
        operand = LLVM::BitcastOp::create(*this, VectorType::get({2}, getF16Type()), operand);
  Type result = LLVM::LLVMStructType::getLiteral(getContext(), SmallVector<Type>(4, getF32Type()));
  std::array<NVVM::MMALayout, 2> layouts = {NVVM::MMALayout::row, NVVM::MMALayout::col};
  Value product =
      NVVM::MmaOp::create(*this, result, left, right, accumulators, ArrayRef<int64_t>{16, 8, depth()},
                          std::nullopt, std::nullopt, types(type), layouts);
  return unpack(product, 4);
}

SmallVector<Value> KernelBuilder::multiply(ValueRange a, ValueRange b, ValueRange accumulators) {
  if (dtype == DType::F16 || dtype == DType::BF16)
    return multiplyOnce(a, b, accumulators);
  // The units cut an f32 off to tf32; rounding halves the error. What rounding takes away is a second operand.
  auto round = [&](Value value) { return callIntrinsic("llvm.nvvm.f2tf32.rna", getI32Type(), value); };
  auto split = [&](ValueRange registers, Values &high, Values &low) {
    for (Value word : registers) {
      Value number = LLVM::BitcastOp::create(*this, getF32Type(), word);
      high.push_back(round(number));
      if (dtype == DType::F32)
        low.push_back(round(sub(number, LLVM::BitcastOp::create(*this, getF32Type(), high.back()))));
    }
  };
  Values highA, lowA, highB, lowB;
  split(a, highA, lowA);
  split(b, highB, lowB);
  if (dtype == DType::TF32)
    return multiplyOnce(highA, highB, accumulators);
  Values sums = multiplyOnce(lowA, highB, accumulators);
  sums = multiplyOnce(highA, lowB, sums);
  return multiplyOnce(highA, highB, sums);
}

//===----------------------------------------------------------------------===//
// Scalars
//===----------------------------------------------------------------------===//

Value KernelBuilder::callIntrinsic(StringRef name, Type result, ValueRange operands) {
  return LLVM::CallIntrinsicOp::create(*this, result, getStringAttr(name), operands).getResults();
}

Value KernelBuilder::constant(double value) {
  return arith::ConstantOp::create(*this, getFloatAttr(getF32Type(), value));
}

Value KernelBuilder::add(Value a, Value b) { return arith::AddFOp::create(*this, a, b); }
Value KernelBuilder::sub(Value a, Value b) { return arith::SubFOp::create(*this, a, b); }
Value KernelBuilder::mul(Value a, Value b) { return arith::MulFOp::create(*this, a, b); }
Value KernelBuilder::fma(Value a, Value b, Value c) { return math::FmaOp::create(*this, a, b, c); }
Value KernelBuilder::maximum(Value a, Value b) { return arith::MaximumFOp::create(*this, a, b); }
Value KernelBuilder::exp2(Value a) { return callIntrinsic("llvm.nvvm.ex2.approx.ftz.f", getF32Type(), a); }
Value KernelBuilder::reciprocal(Value a) {
  return callIntrinsic("llvm.nvvm.rcp.approx.ftz.f", getF32Type(), a);
}
Value KernelBuilder::rsqrt(Value a) { return callIntrinsic("llvm.nvvm.rsqrt.approx.f", getF32Type(), a); }

//===----------------------------------------------------------------------===//
// Lanes
//===----------------------------------------------------------------------===//

Value KernelBuilder::shuffle(Value value, Value offset, NVVM::ShflKind kind, int64_t clamp) {
  auto word = [&](int64_t number) -> Value { return arith::ConstantIntOp::create(*this, number, 32); };
  bool isIndex = value.getType().isIndex();
  if (isIndex)
    value = arith::IndexCastOp::create(*this, getI32Type(), value);
  if (offset.getType().isIndex())
    offset = arith::IndexCastOp::create(*this, getI32Type(), offset);
  Value result =
      NVVM::ShflOp::create(*this, value.getType(), word(-1), value, offset, word(clamp), kind, UnitAttr());
  return isIndex ? arith::IndexCastOp::create(*this, getIndexType(), result).getResult() : result;
}

void KernelBuilder::syncWarp() {
  NVVM::SyncWarpOp::create(*this, arith::ConstantIntOp::create(*this, -1, 32));
}

Value KernelBuilder::shuffleXor(Value value, int64_t mask) {
  return shuffle(value, index(mask), NVVM::ShflKind::bfly, kWarpThreads - 1);
}
Value KernelBuilder::shuffleUp(Value value, int64_t distance) {
  return shuffle(value, index(distance), NVVM::ShflKind::up, 0);
}
Value KernelBuilder::shuffleFrom(Value value, Value lane) {
  return shuffle(value, lane, NVVM::ShflKind::idx, kWarpThreads - 1);
}

Value KernelBuilder::sumLanes(Value value, int64_t width) {
  for (int64_t distance = width / 2; distance > 0; distance /= 2)
    value = add(value, shuffleXor(value, distance));
  return value;
}

Value KernelBuilder::maximumLanes(Value value, int64_t width) {
  for (int64_t distance = width / 2; distance > 0; distance /= 2)
    value = maximum(value, shuffleXor(value, distance));
  return value;
}
