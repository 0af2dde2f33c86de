//===- EmitPackage.cpp - A kernels-stage module to a package --------------------===//

#include "mv/Pipeline/EmitPackage.h"

#include "KernelWork.h"

#include "mv/IR/PlanDialect.h"
#include "mv/Import/Checkpoint.h"
#include "mv/Package/Writer.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mv;

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

static uint64_t byteSize(Type type) {
  return plan::BufferType::get(type.getContext(), cast<RankedTensorType>(type)).getByteSize();
}

/// What the kernel does to each of its buffers, and the sums of their bytes.
static void describeArguments(plan::KernelOp kernel, package::KernelT &described) {
  for (Type input : kernel.getFunctionType().getInputs()) {
    bool batched = !cast<RankedTensorType>(input).hasStaticShape();
    described.arguments.emplace_back(package::ArgumentRole::Input, batched, byteSize(input));
    (batched ? described.bytes_read : described.bytes_parameters) += byteSize(input);
  }
  for (Type result : kernel.getFunctionType().getResults()) {
    described.arguments.emplace_back(package::ArgumentRole::Result, true, byteSize(result));
    described.bytes_written += byteSize(result);
  }
  if (uint64_t workspace = kernel.getWorkspace())
    described.arguments.emplace_back(package::ArgumentRole::Workspace, true, workspace);
}

static StatusOr<std::unique_ptr<package::ImplementationT>>
describeImplementation(plan::ImplementationAttr implementation, ArrayRef<cpu::MachineCode> code) {
  auto described = std::make_unique<package::ImplementationT>();
  const auto *unit =
      llvm::find_if(code, [&](const cpu::MachineCode &c) { return c.target == implementation.getTarget(); });
  if (unit == code.end())
    return Status::internal("no code was made for " + implementation.getTarget().str());
  described->code = unit - code.begin();
  described->scratch = implementation.getScratch();
  for (plan::PhaseAttr phase : implementation.getPhases()) {
    auto function = unit->functions.find(phase.getFunction());
    if (function == unit->functions.end())
      return Status::internal("the code for " + unit->target + " has no function " +
                              phase.getFunction().str());
    described->phases.emplace_back(function->second, phase.getItems(), phase.getGroup(),
                                   phase.getMultiplier());
  }
  return described;
}

static std::unique_ptr<package::GPUImplementationT>
describeImplementation(plan::GPUImplementationAttr implementation) {
  auto described = std::make_unique<package::GPUImplementationT>();
  described->target = implementation.getTarget().str();
  for (plan::VariantAttr variant : implementation.getVariants()) {
    auto &launches = described->variants.emplace_back(std::make_unique<package::VariantT>());
    launches->batch = variant.getBatch();
    for (plan::LaunchAttr launch : variant.getLaunches()) {
      auto &each = launches->launches.emplace_back(std::make_unique<package::LaunchT>());
      each->function = launch.getFunction().str();
      each->items = launch.getItems();
      each->group = launch.getGroup();
      each->multiplier = launch.getMultiplier();
      each->threads = launch.getThreads();
      each->shared = launch.getShared();
    }
  }
  return described;
}

static StatusOr<std::unique_ptr<package::KernelT>> describeKernel(plan::KernelOp kernel,
                                                                  ArrayRef<cpu::MachineCode> code) {
  auto described = std::make_unique<package::KernelT>();
  described->name = kernel.getSymName().str();
  described->family = kernel.getFamily().str();
  described->flops = getFlopsPerImage(kernel);
  describeArguments(kernel, *described);
  for (Attribute attribute : kernel.getImplementations()) {
    if (auto implementation = dyn_cast<plan::GPUImplementationAttr>(attribute)) {
      described->gpu.push_back(describeImplementation(implementation));
      continue;
    }
    MV_ASSIGN_OR_RETURN(auto compiled,
                        describeImplementation(cast<plan::ImplementationAttr>(attribute), code));
    described->implementations.push_back(std::move(compiled));
  }
  return described;
}

//===----------------------------------------------------------------------===//
// Entry points
//===----------------------------------------------------------------------===//

namespace {
/// Symbols by their place in the package.
struct Indices {
  llvm::StringMap<uint32_t> parameters, kernels;
};
} // namespace

static package::Buffer describeBuffer(Value buffer, const Indices &indices, package::EntryT &entry) {
  return TypeSwitch<Operation *, package::Buffer>(buffer.getDefiningOp())
      .Case([&](plan::InputOp) { return package::Buffer(package::BufferKind::Input, 0, 0, 0); })
      .Case([&](plan::ConstantOp constant) {
        return package::Buffer(package::BufferKind::Parameter,
                               indices.parameters.lookup(constant.getParameter()), 0, 0);
      })
      .Case([&](plan::SliceOp slice) {
        return package::Buffer(package::BufferKind::Slice, 0, slice.getOffset(), slice.getBytes());
      })
      .Case([&](plan::OutputOp output) {
        auto named = llvm::find_if(entry.outputs, [&](auto &o) { return o->name == output.getName(); });
        return package::Buffer(package::BufferKind::Output, named - entry.outputs.begin(), 0, 0);
      });
}

/// What does not depend on the device.
static std::unique_ptr<package::EntryT> describeEntry(plan::EntryOp entry, StringRef name) {
  auto described = std::make_unique<package::EntryT>();
  described->name = name.str();
  for (auto input : entry.getOps<plan::InputOp>()) {
    RankedTensorType tensor = input.getType().getTensor();
    ArrayRef<int64_t> shape = tensor.getShape();
    const bool isPicture = tensor.getElementType().isInteger();
    described->input = isPicture ? package::InputType::U8 : package::InputType::F32;
    described->channels = shape[isPicture ? 3 : 1];
    described->height = shape[isPicture ? 1 : 2];
    described->width = shape[isPicture ? 2 : 3];
  }
  for (auto output : entry.getOps<plan::OutputOp>()) {
    auto named = std::make_unique<package::OutputT>();
    named->name = output.getName().str();
    for (int64_t size : output.getType().getTensor().getShape().drop_front())
      named->shape.push_back(size);
    described->outputs.push_back(std::move(named));
  }
  return described;
}

/// How `entry`, one of those that make up `described`, runs.
static void addProgram(plan::EntryOp entry, const Indices &indices, package::EntryT &described) {
  auto &program = described.programs.emplace_back(std::make_unique<package::ProgramT>());
  program->device = entry.getDevice().value_or("cpu").str();
  program->dtype = entry.getDtype().value_or("f32").str();
  program->arena = entry.getArena();
  for (auto dispatch : entry.getOps<plan::DispatchOp>()) {
    auto step = std::make_unique<package::DispatchT>();
    step->kernel = indices.kernels.lookup(dispatch.getKernel());
    step->label = dispatch.getLabel().str();
    for (Value buffer : dispatch.getOperands())
      step->buffers.push_back(describeBuffer(buffer, indices, described));
    program->dispatches.push_back(std::move(step));
  }
}

/// The entry points, each with a program for every device that the plan has it for.
static void describeEntries(ModuleOp module, const Indices &indices, package::ModelT &model) {
  llvm::StringMap<package::EntryT *> entries;
  for (auto entry : module.getOps<plan::EntryOp>()) {
    StringRef name = entry.getName().value_or(entry.getSymName());
    package::EntryT *&described = entries[name];
    if (!described)
      described = model.entries.emplace_back(describeEntry(entry, name)).get();
    addProgram(entry, indices, *described);
  }
}

//===----------------------------------------------------------------------===//
// The package
//===----------------------------------------------------------------------===//

static std::string printed(Type type) {
  std::string text;
  llvm::raw_string_ostream(text) << type;
  return text;
}

static std::unique_ptr<package::ParameterT> describeParameter(plan::ParameterOp parameter) {
  auto described = std::make_unique<package::ParameterT>();
  described->name = parameter.getSymName().str();
  described->type = printed(parameter.getType());
  described->bytes = byteSize(parameter.getType());
  return described;
}

/// Values as f16 or bf16, to nearest even.
static void roundTo(Type element, ArrayRef<float> values, uint16_t *out) {
  const llvm::fltSemantics &semantics = cast<FloatType>(element).getFloatSemantics();
  for (float value : values) {
    llvm::APFloat number(value);
    bool losesInfo;
    number.convert(semantics, llvm::APFloat::rmNearestTiesToEven, &losesInfo);
    *out++ = uint16_t(number.bitcastToAPInt().getZExtValue());
  }
}

static void describeCheckpoint(const Checkpoint *checkpoint, package::ModelT &model) {
  model.preprocessing = std::make_unique<package::PreprocessingT>();
  if (!checkpoint)
    return;
  const ImagePreprocessing &images = checkpoint->spec.preprocessing;
  model.labels = checkpoint->spec.labels;
  model.licence = checkpoint->licence;
  model.source = checkpoint->spec.name;
  model.preprocessing->mean.assign(images.mean.begin(), images.mean.end());
  model.preprocessing->std.assign(images.std.begin(), images.std.end());
  model.preprocessing->crop_pct = images.cropPct;
  model.preprocessing->crop_mode = cropModeName(images.cropMode);
  model.preprocessing->interpolation = interpolationName(images.interpolation);
  if (StatusOr<MappedFile> config = MappedFile::open(checkpoint->config.path); config.ok())
    model.config.assign(reinterpret_cast<const char *>(config->bytes().data()), config->bytes().size());
}

Status mv::emitPackage(ModuleOp module, ArrayRef<cpu::MachineCode> code, ArrayRef<package::CodeBlob> images,
                       const reference::ParameterSource &parameters, const Checkpoint *checkpoint,
                       ThreadPool &pool, const std::string &path) {
  package::ModelT model;
  model.producer = "mv " MV_VERSION;
  describeCheckpoint(checkpoint, model);
  Indices indices;
  SmallVector<plan::ParameterOp> expressions(module.getOps<plan::ParameterOp>());
  for (plan::ParameterOp parameter : expressions) {
    indices.parameters[parameter.getSymName()] = model.parameters.size();
    model.parameters.push_back(describeParameter(parameter));
  }
  for (auto kernel : module.getOps<plan::KernelOp>()) {
    indices.kernels[kernel.getSymName()] = model.kernels.size();
    MV_ASSIGN_OR_RETURN(auto described, describeKernel(kernel, code));
    model.kernels.push_back(std::move(described));
  }
  describeEntries(module, indices, model);

  auto fill = [&](size_t index, std::span<std::byte> out) -> Status {
    plan::ParameterOp parameter = expressions[index];
    auto packing = dyn_cast_if_present<PackedAttr>(cast<RankedTensorType>(parameter.getType()).getEncoding());
    Value expression = parameter.getBody().front().getTerminator()->getOperand(0);
    Type element = storedShape(cast<RankedTensorType>(parameter.getType())).element;
    std::vector<float> wide(element.isF32() ? 0 : out.size() / 2);
    MutableArrayRef<float> values = wide;
    if (element.isF32())
      values = MutableArrayRef<float>(reinterpret_cast<float *>(out.data()), out.size() / sizeof(float));
    if (llvm::Error error = reference::writeParameter(expression, packing, parameters, values))
      return Status::invalidInput(llvm::toString(std::move(error)));
    roundTo(element, wide, reinterpret_cast<uint16_t *>(out.data()));
    return {};
  };
  std::vector<package::CodeBlob> blobs;
  for (const cpu::MachineCode &unit : code)
    blobs.push_back({unit.target, unit.bytes});
  blobs.insert(blobs.end(), images.begin(), images.end());
  package::WriterOptions options;
  options.pool = &pool;
  return package::writePackage(path, std::move(model), blobs, fill, options);
}
