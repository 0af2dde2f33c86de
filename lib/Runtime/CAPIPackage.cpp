//===- CAPIPackage.cpp - The C API: what is in a package ------------------------===//

#include "CAPI.h"

#include "mv/Runtime/CPUFeatures.h"
#include "mv/Support/Text.h"

using namespace mv;
using namespace mv::capi;

static const package::Model &modelOf(const mv_package *package) { return package->file->model(); }

//===----------------------------------------------------------------------===//
// Opening
//===----------------------------------------------------------------------===//

mv_status *mv_package_open(const char *path, const mv_package_options *options, mv_package **package) {
  return guarded([&]() -> Status {
    MV_RETURN_IF_ERROR(checkPointer(path, "path"));
    MV_RETURN_IF_ERROR(checkPointer(package, "package"));
    *package = nullptr;
    MV_ASSIGN_OR_RETURN(const mv_package_options given, optionsFromCaller(options));
    package::ReaderOptions readerOptions;
    readerOptions.verifyParameters = !given.skip_parameter_hashes;
    readerOptions.threads = given.threads;
    MV_ASSIGN_OR_RETURN(auto file, package::PackageFile::open(path, readerOptions));
    *package = new mv_package{std::move(file)};
    return Status();
  });
}

void mv_package_close(mv_package *package) { delete package; }

mv_status *mv_package_verify(const mv_package *package, unsigned threads) {
  return guarded([&]() -> Status {
    MV_RETURN_IF_ERROR(checkPointer(package, "package"));
    return package->file->verifyParameters(threads);
  });
}

//===----------------------------------------------------------------------===//
// The model
//===----------------------------------------------------------------------===//

mv_status *mv_package_get_info(const mv_package *package, mv_package_info *info) {
  return guarded([&]() -> Status {
    MV_RETURN_IF_ERROR(checkPointer(package, "package"));
    const package::Model &model = modelOf(package);
    const package::PackageFile &file = *package->file;
    mv_package_info result = MV_PACKAGE_INFO_INIT;
    result.producer = text(model.producer());
    result.source = text(model.source());
    result.licence = text(model.licence());
    result.config = text(model.config());
    result.format_version = file.header().version;
    result.entry_count = model.entries()->size();
    result.label_count = model.labels() ? model.labels()->size() : 0;
    result.target_count = model.code()->size();
    result.kernel_count = model.kernels()->size();
    result.parameter_count = model.parameters()->size();
    result.file_bytes = file.bytes().size();
    result.parameter_bytes = file.section(package::SectionKind::Parameters).bytes;
    for (uint32_t index = 0; index < result.target_count; ++index)
      result.code_bytes += file.codeSection(index).bytes;
    result.plan_hash = file.section(package::SectionKind::Plan).hash;
    return infoToCaller(result, info);
  });
}

const char *mv_package_label(const mv_package *package, uint32_t index) {
  const auto *labels = package ? modelOf(package).labels() : nullptr;
  return labels && index < labels->size() ? labels->Get(index)->c_str() : nullptr;
}

mv_status *mv_package_get_preprocessing(const mv_package *package, mv_preprocessing_info *info) {
  return guarded([&]() -> Status {
    MV_RETURN_IF_ERROR(checkPointer(package, "package"));
    const package::Preprocessing &preprocessing = *modelOf(package).preprocessing();
    mv_preprocessing_info result = MV_PREPROCESSING_INFO_INIT;
    if (package::hasPreprocessing(modelOf(package))) {
      result.channels = preprocessing.mean()->size();
      result.mean = preprocessing.mean()->data();
      result.deviation = preprocessing.std()->data();
    }
    result.crop_pct = preprocessing.crop_pct();
    result.crop_mode = text(preprocessing.crop_mode());
    result.interpolation = text(preprocessing.interpolation());
    return infoToCaller(result, info);
  });
}

//===----------------------------------------------------------------------===//
// Entry points
//===----------------------------------------------------------------------===//

mv_status *mv_package_get_entry(const mv_package *package, uint32_t index, mv_entry_info *info) {
  return guarded([&]() -> Status {
    MV_RETURN_IF_ERROR(checkPointer(package, "package"));
    MV_RETURN_IF_ERROR(checkIndex(index, modelOf(package).entries()->size(), "entry point"));
    const package::Entry &entry = *modelOf(package).entries()->Get(index);
    mv_entry_info result = MV_ENTRY_INFO_INIT;
    result.name = text(entry.name());
    result.channels = entry.channels();
    result.height = entry.height();
    result.width = entry.width();
    result.output_count = entry.outputs()->size();
    result.program_count = entry.programs()->size();
    result.input_type = package::inputTypeName(entry.input());
    return infoToCaller(result, info);
  });
}

mv_status *mv_package_get_program(const mv_package *package, uint32_t entry, uint32_t index,
                                  mv_program_info *info) {
  return guarded([&]() -> Status {
    MV_RETURN_IF_ERROR(checkPointer(package, "package"));
    MV_RETURN_IF_ERROR(checkIndex(entry, modelOf(package).entries()->size(), "entry point"));
    const auto &programs = *modelOf(package).entries()->Get(entry)->programs();
    MV_RETURN_IF_ERROR(checkIndex(index, programs.size(), "program"));
    const package::Program &program = *programs.Get(index);
    mv_program_info result = MV_PROGRAM_INFO_INIT;
    result.device = text(program.device());
    result.dtype = text(program.dtype());
    result.dispatch_count = program.dispatches()->size();
    result.arena_bytes = program.arena();
    return infoToCaller(result, info);
  });
}

mv_status *mv_package_find_entry(const mv_package *package, uint32_t height, uint32_t width,
                                 uint32_t *entry) {
  return guarded([&]() -> Status {
    MV_RETURN_IF_ERROR(checkPointer(package, "package"));
    MV_RETURN_IF_ERROR(checkPointer(entry, "entry"));
    const auto &entries = *modelOf(package).entries();
    std::string sizes;
    for (uint32_t index = 0; index < entries.size(); ++index) {
      const package::Entry &candidate = *entries.Get(index);
      if (candidate.height() == height && candidate.width() == width) {
        *entry = index;
        return Status();
      }
      sizes +=
          (index ? ", " : "") + std::to_string(candidate.height()) + "x" + std::to_string(candidate.width());
    }
    return Status::invalidInput(quote(package->file->path()) + " is not compiled for images of " +
                                std::to_string(height) + "x" + std::to_string(width) + ": expected " + sizes);
  });
}

mv_status *mv_package_get_output(const mv_package *package, uint32_t entry, uint32_t index,
                                 mv_output_info *info) {
  return guarded([&]() -> Status {
    MV_RETURN_IF_ERROR(checkPointer(package, "package"));
    MV_RETURN_IF_ERROR(checkIndex(entry, modelOf(package).entries()->size(), "entry point"));
    const auto &outputs = *modelOf(package).entries()->Get(entry)->outputs();
    MV_RETURN_IF_ERROR(checkIndex(index, outputs.size(), "output"));
    const package::Output &output = *outputs.Get(index);
    mv_output_info result = MV_OUTPUT_INFO_INIT;
    result.name = text(output.name());
    result.rank = output.shape()->size();
    result.shape = output.shape()->data();
    result.elements = 1;
    for (const uint32_t size : *output.shape())
      result.elements *= size;
    return infoToCaller(result, info);
  });
}

//===----------------------------------------------------------------------===//
// Code and kernels
//===----------------------------------------------------------------------===//

mv_status *mv_package_get_target(const mv_package *package, uint32_t index, mv_target_info *info) {
  return guarded([&]() -> Status {
    MV_RETURN_IF_ERROR(checkPointer(package, "package"));
    MV_RETURN_IF_ERROR(checkIndex(index, modelOf(package).code()->size(), "target"));
    const package::Code &code = *modelOf(package).code()->Get(index);
    const package::SectionRecord &section = package->file->codeSection(index);
    const bool isMachine = code.kind() == package::CodeKind::Machine;
    const runtime::CPULevel level =
        isMachine ? runtime::levelNamed(code.target()->string_view()) : runtime::CPULevel::None;
    mv_target_info result = MV_TARGET_INFO_INIT;
    result.name = text(code.target());
    result.supported = level != runtime::CPULevel::None && level <= runtime::machineLevel();
    result.code_bytes = section.bytes;
    result.code_hash = section.hash;
    constexpr const char *kKinds[] = {"machine", "ptx", "cubin"};
    result.kind = kKinds[static_cast<size_t>(code.kind())]; // The reader has checked it.
    return infoToCaller(result, info);
  });
}

mv_status *mv_package_get_code(const mv_package *package, uint32_t target, const void **code, size_t *bytes) {
  return guarded([&]() -> Status {
    MV_RETURN_IF_ERROR(checkPointer(package, "package"));
    MV_RETURN_IF_ERROR(checkPointer(code, "code"));
    MV_RETURN_IF_ERROR(checkPointer(bytes, "bytes"));
    MV_RETURN_IF_ERROR(checkIndex(target, modelOf(package).code()->size(), "target"));
    const auto content = package->file->sectionBytes(package->file->codeSection(target));
    *code = content.data();
    *bytes = content.size();
    return Status();
  });
}

mv_status *mv_package_get_kernel(const mv_package *package, uint32_t index, mv_kernel_info *info) {
  return guarded([&]() -> Status {
    MV_RETURN_IF_ERROR(checkPointer(package, "package"));
    MV_RETURN_IF_ERROR(checkIndex(index, modelOf(package).kernels()->size(), "kernel"));
    const package::Kernel &kernel = *modelOf(package).kernels()->Get(index);
    mv_kernel_info result = MV_KERNEL_INFO_INIT;
    result.name = text(kernel.name());
    result.family = text(kernel.family());
    result.flops = kernel.flops();
    result.bytes_read = kernel.bytes_read();
    result.bytes_written = kernel.bytes_written();
    result.bytes_parameters = kernel.bytes_parameters();
    result.implementation_count = kernel.implementations()->size();
    result.gpu_implementation_count = kernel.gpu() ? kernel.gpu()->size() : 0;
    for (const package::Entry *entry : *modelOf(package).entries())
      for (const package::Program *program : *entry->programs())
        for (const package::Dispatch *dispatch : *program->dispatches())
          result.dispatch_count += dispatch->kernel() == index;
    return infoToCaller(result, info);
  });
}

/// Kernel and implementation by index, or an error.
static StatusOr<const package::Implementation *> findImplementation(const mv_package *package,
                                                                    uint32_t kernel, uint32_t index) {
  MV_RETURN_IF_ERROR(checkPointer(package, "package"));
  MV_RETURN_IF_ERROR(checkIndex(kernel, modelOf(package).kernels()->size(), "kernel"));
  const auto &implementations = *modelOf(package).kernels()->Get(kernel)->implementations();
  MV_RETURN_IF_ERROR(checkIndex(index, implementations.size(), "implementation"));
  return implementations.Get(index);
}

mv_status *mv_package_get_implementation(const mv_package *package, uint32_t kernel, uint32_t index,
                                         mv_implementation_info *info) {
  return guarded([&]() -> Status {
    MV_ASSIGN_OR_RETURN(const auto *implementation, findImplementation(package, kernel, index));
    mv_implementation_info result = MV_IMPLEMENTATION_INFO_INIT;
    result.target = implementation->code();
    result.phase_count = implementation->phases()->size();
    result.scratch_bytes = implementation->scratch();
    return infoToCaller(result, info);
  });
}

mv_status *mv_package_get_phase(const mv_package *package, uint32_t kernel, uint32_t implementation,
                                uint32_t index, mv_phase_info *info) {
  return guarded([&]() -> Status {
    MV_ASSIGN_OR_RETURN(const auto *found, findImplementation(package, kernel, implementation));
    MV_RETURN_IF_ERROR(checkIndex(index, found->phases()->size(), "phase"));
    const package::Phase &phase = *found->phases()->Get(index);
    mv_phase_info result = MV_PHASE_INFO_INIT;
    result.code_offset = phase.code_offset();
    result.items = phase.items();
    result.group = phase.group();
    result.multiplier = phase.multiplier();
    return infoToCaller(result, info);
  });
}

/// As findImplementation, for GPUs.
static StatusOr<const package::GPUImplementation *> findGPUImplementation(const mv_package *package,
                                                                          uint32_t kernel, uint32_t index) {
  MV_RETURN_IF_ERROR(checkPointer(package, "package"));
  MV_RETURN_IF_ERROR(checkIndex(kernel, modelOf(package).kernels()->size(), "kernel"));
  const auto *implementations = modelOf(package).kernels()->Get(kernel)->gpu();
  MV_RETURN_IF_ERROR(checkIndex(index, implementations ? implementations->size() : 0, "GPU implementation"));
  return implementations->Get(index);
}

mv_status *mv_package_get_gpu_implementation(const mv_package *package, uint32_t kernel, uint32_t index,
                                             mv_gpu_implementation_info *info) {
  return guarded([&]() -> Status {
    MV_ASSIGN_OR_RETURN(const auto *implementation, findGPUImplementation(package, kernel, index));
    mv_gpu_implementation_info result = MV_GPU_IMPLEMENTATION_INFO_INIT;
    result.target = text(implementation->target());
    for (const package::Variant *variant : *implementation->variants())
      result.launch_count += variant->launches()->size();
    return infoToCaller(result, info);
  });
}

mv_status *mv_package_get_launch(const mv_package *package, uint32_t kernel, uint32_t implementation,
                                 uint32_t index, mv_launch_info *info) {
  return guarded([&]() -> Status {
    MV_ASSIGN_OR_RETURN(const auto *found, findGPUImplementation(package, kernel, implementation));
    uint32_t first = 0; // Launch of the variant.
    uint32_t position = 0;
    while (position + 1 < found->variants()->size() &&
           index - first >= found->variants()->Get(position)->launches()->size())
      first += found->variants()->Get(position++)->launches()->size();
    const package::Variant &variant = *found->variants()->Get(position);
    MV_RETURN_IF_ERROR(checkIndex(index, first + variant.launches()->size(), "launch"));
    const package::Launch &launch = *variant.launches()->Get(index - first);
    mv_launch_info result = MV_LAUNCH_INFO_INIT;
    result.function = text(launch.function());
    result.variant = position;
    result.batch = variant.batch();
    result.items = launch.items();
    result.group = launch.group();
    result.multiplier = launch.multiplier();
    result.threads = launch.threads();
    result.shared_bytes = launch.shared();
    return infoToCaller(result, info);
  });
}

mv_status *mv_package_get_parameter(const mv_package *package, uint32_t index, mv_parameter_info *info) {
  return guarded([&]() -> Status {
    MV_RETURN_IF_ERROR(checkPointer(package, "package"));
    MV_RETURN_IF_ERROR(checkIndex(index, modelOf(package).parameters()->size(), "parameter"));
    const package::Parameter &parameter = *modelOf(package).parameters()->Get(index);
    mv_parameter_info result = MV_PARAMETER_INFO_INIT;
    result.name = text(parameter.name());
    result.type = text(parameter.type());
    result.bytes = parameter.bytes();
    result.hash = parameter.hash();
    result.data = package->file->parameter(index).data();
    return infoToCaller(result, info);
  });
}
