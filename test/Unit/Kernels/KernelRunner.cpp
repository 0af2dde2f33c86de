//===- KernelRunner.cpp - Runs one kernel on plain tensors ----------------------===//

#include "KernelRunner.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>

using namespace mlir;
using namespace mv::test;

Floats mv::test::randomFloats(size_t count, unsigned seed, float scale) {
  std::minstd_rand generator(seed + 1);
  Floats values(count);
  for (float &value : values)
    value = scale * (float(generator() % 20001) / 10000 - 1);
  return values;
}

double mv::test::relativeError(const Floats &actual, const std::vector<double> &expected) {
  if (actual.size() != expected.size())
    return INFINITY;
  double error = 0, scale = 0;
  for (size_t i = 0; i < actual.size(); ++i) {
    double difference = std::fabs(actual[i] - expected[i]);
    error = std::isnan(difference) ? INFINITY : std::max(error, difference);
    scale = std::max(scale, std::fabs(expected[i]));
  }
  return scale > 0 ? error / scale : error;
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

namespace {

constexpr float kPoison = std::numeric_limits<float>::quiet_NaN();

/// Aligned memory full of NaN, with as much again behind it that must not be written.
class Memory {
public:
  explicit Memory(int64_t floats) : count(floats), storage(floats + kGuard + 16, kPoison) {
    auto address = reinterpret_cast<uintptr_t>(storage.data());
    start = storage.data() + (64 - address % 64) % 64 / 4;
  }
  float *data() { return start; }
  bool isIntact() const {
    for (int64_t i = count; i < count + kGuard; ++i)
      if (!std::isnan(start[i]))
        return false;
    return true;
  }

private:
  static constexpr int64_t kGuard = 64;
  int64_t count;
  Floats storage;
  float *start;
};

/// Calls `visit(index, offset)` for every element of an activation of `batch` images, or of a parameter.
void forEachElement(RankedTensorType type, int64_t batch, llvm::function_ref<void(int64_t, int64_t)> visit) {
  mv::StoredShape stored = mv::storedShape(type);
  SmallVector<int64_t> shape(type.getShape());
  int64_t images = 1;
  if (type.isDynamicDim(0)) {
    images = batch;
    shape.erase(shape.begin());
  }
  auto packed = dyn_cast_if_present<mv::PackedAttr>(type.getEncoding());
  int64_t perImage = ShapedType::getNumElements(shape);
  for (int64_t index = 0; index < images * perImage; ++index) {
    SmallVector<int64_t> at(shape.size());
    for (int64_t rest = index % perImage, i = int64_t(shape.size()) - 1; i >= 0; rest /= shape[i], --i)
      at[i] = rest % shape[i];
    if (packed && packed.getKind() == mv::PackingKind::Columns)
      std::swap(at[0], at[1]);
    if (packed && packed.getKind() == mv::PackingKind::Panels) {
      SmallVector<int64_t> inner(at.begin() + 1, at.end());
      if (inner.size() == 3) // [C, ky, kx] to [ky, kx, C]
        std::rotate(inner.begin(), inner.begin() + 1, inner.end());
      int64_t output = at[0], width = packed.getWidth();
      at.assign({output / width});
      at.append(inner);
      at.push_back(output % width);
    }
    int64_t offset = index / perImage;
    for (size_t i = 0; i < at.size(); ++i)
      offset = offset * stored.sizes[i] + at[i] + (stored.halo > 0 && i < 2 ? stored.halo : 0);
    visit(index, offset);
  }
}

/// A tensor as the kernel reads it: what is between elements is zero.
Memory layOut(RankedTensorType type, int64_t batch, const Floats &values) {
  int64_t elements = mv::storedShape(type).elements() * (type.isDynamicDim(0) ? batch : 1);
  Memory memory(elements);
  std::fill(memory.data(), memory.data() + elements, 0.0f);
  forEachElement(type, batch, [&](int64_t index, int64_t offset) { memory.data()[offset] = values[index]; });
  return memory;
}

llvm::Error error(const llvm::Twine &message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
}

} // namespace

//===----------------------------------------------------------------------===//
// Runner
//===----------------------------------------------------------------------===//

/// Gives the kernel what the stages before emission do: its parameters' packing and its workspace.
static void prepare(mv::plan::KernelOp kernel) {
  Block &body = kernel.getBody().front();
  SmallVector<Type> types;
  for (auto [index, type] : llvm::enumerate(kernel.getFunctionType().getInputs())) {
    mv::PackedAttr packing = mv::cpu::getParameterPacking(body, unsigned(index));
    auto tensor = cast<RankedTensorType>(type);
    types.push_back(packing ? RankedTensorType::get(tensor.getShape(), tensor.getElementType(), packing)
                            : tensor);
  }
  auto type = FunctionType::get(kernel.getContext(), types, kernel.getFunctionType().getResults());
  kernel.setTypeAttr(TypeAttr::get(type));
  kernel.setWorkspace(mv::cpu::getWorkspaceBytes(body));
}

llvm::Expected<KernelRunner> KernelRunner::create(llvm::StringRef text, const cpu::Target &target) {
  OwningOpRef<ModuleOp> source = parseSourceString<ModuleOp>(text, &getContext());
  if (!source || source->getOps<plan::KernelOp>().empty())
    return error("the kernel does not parse");
  plan::KernelOp kernel = *source->getOps<plan::KernelOp>().begin();
  prepare(kernel);
  OwningOpRef<ModuleOp> code = ModuleOp::create(kernel.getLoc());
  FailureOr<plan::ImplementationAttr> implementation = cpu::emitKernel(kernel, target, *code);
  if (failed(implementation))
    return error("the kernel is refused");
  if (failed(verify(*code)))
    return error("the emitted code is not valid");
  llvm::Expected<JIT> jit = JIT::compile(*code, target.name);
  if (!jit)
    return jit.takeError();
  KernelRunner runner(std::move(*jit));
  runner.implementation = *implementation;
  for (Type type : kernel.getFunctionType().getInputs())
    runner.inputs.push_back(cast<RankedTensorType>(type));
  runner.result = cast<RankedTensorType>(kernel.getFunctionType().getResult(0));
  runner.workspace = kernel.getWorkspace();
  return runner;
}

/// Integers and pointers are passed alike, and a function does not mind arguments it does not have.
static constexpr size_t kMaxArguments = 24;
template <size_t... I> static void call(void *function, const int64_t *arguments, std::index_sequence<I...>) {
  using Function = void (*)(decltype(int64_t(I))...);
  reinterpret_cast<Function>(function)(arguments[I]...);
}

llvm::Expected<Floats> KernelRunner::run(int64_t batch, const std::vector<Floats> &values, int64_t range) {
  std::vector<Memory> buffers;
  for (size_t i = 0; i < inputs.size(); ++i)
    buffers.push_back(layOut(inputs[i], batch, values[i]));
  int64_t resultElements = storedShape(result).elements() * batch;
  Memory output(resultElements), shared(workspace / 4 * batch);
  std::vector<int64_t> arguments;
  for (Memory &buffer : buffers)
    arguments.push_back(reinterpret_cast<int64_t>(buffer.data()));
  arguments.push_back(reinterpret_cast<int64_t>(output.data()));
  if (workspace > 0)
    arguments.push_back(reinterpret_cast<int64_t>(shared.data()));
  if (arguments.size() + 4 > kMaxArguments)
    return error("too many arguments");

  for (plan::PhaseAttr phase : implementation.getPhases()) {
    llvm::Expected<void *> function = jit.lookup(phase.getFunction());
    if (!function)
      return function.takeError();
    int64_t workgroups = ceilDiv(batch * phase.getItems(), phase.getGroup()) * phase.getMultiplier();
    // From the last range to the first: nothing may depend on the order.
    for (int64_t begin = (workgroups - 1) / range * range; begin >= 0; begin -= range) {
      Memory scratch(implementation.getScratch() / 4);
      std::vector<int64_t> all = arguments;
      all.insert(all.end(), {batch, begin, std::min(begin + range, workgroups),
                             reinterpret_cast<int64_t>(scratch.data())});
      all.resize(kMaxArguments);
      call(*function, all.data(), std::make_index_sequence<kMaxArguments>());
      if (!scratch.isIntact())
        return error("wrote beyond the scratch memory");
    }
  }
  if (!output.isIntact() || !shared.isIntact())
    return error("wrote beyond the result or the workspace");

  Floats dense(batch * ShapedType::getNumElements(result.getShape().drop_front())),
      rest(output.data(), output.data() + resultElements);
  forEachElement(result, batch, [&](int64_t index, int64_t offset) {
    dense[index] = output.data()[offset];
    rest[offset] = 0;
  });
  for (float value : rest)
    if (!(value == 0))
      return error("halo or padding of the result is not zero");
  return dense;
}
