//===- ModelChecksTest.cpp - Plans that contradict themselves -------------------===//
//
// Each case makes one change to a valid model, and expects the message that names it.
//
//===----------------------------------------------------------------------===//

#include "TestModel.h"

#include <gtest/gtest.h>

#include <functional>
#include <limits>

using namespace mv;
using namespace mv::package;
using namespace mv::test;

namespace {

/// testModel() as the writer completes it.
ModelT completeModel() {
  ModelT model = testModel();
  model.parameters[1]->offset = 64;
  auto code = std::make_unique<CodeT>();
  code->target = "x86-64";
  code->section = 1;
  model.code.push_back(std::move(code));
  return model;
}

std::vector<SectionRecord> sections() {
  return {{SectionKind::Parameters, 4096, 4096, 64 + 200 + 64, 0},
          {SectionKind::Code, 4096, 8192, 100, 0},
          {SectionKind::Plan, 4096, 12288, 1000, 0}};
}

struct Case {
  const char *name;
  std::function<void(ModelT &, std::vector<SectionRecord> &)> change;
  std::string message;
};

void PrintTo(const Case &test, std::ostream *stream) { *stream << test.name; }

Status check(const Case &test) {
  ModelT model = completeModel();
  std::vector<SectionRecord> table = sections();
  test.change(model, table);
  flatbuffers::FlatBufferBuilder builder;
  FinishModelBuffer(builder, Model::Pack(builder, &model));
  flatbuffers::Verifier verifier(builder.GetBufferPointer(), builder.GetSize());
  EXPECT_TRUE(VerifyModelBuffer(verifier));
  return checkModel(*GetModel(builder.GetBufferPointer()), table);
}

struct ModelChecksTest : testing::TestWithParam<Case> {};

Buffer &buffer(ModelT &model, size_t dispatch, size_t index) {
  return model.entries[0]->programs[0]->dispatches[dispatch]->buffers[index];
}

Argument &argument(ModelT &model, size_t kernel, size_t index) {
  return model.kernels[kernel]->arguments[index];
}

constexpr float kInfinity = std::numeric_limits<float>::infinity();

} // namespace

TEST(ModelChecksTest, AcceptsTheUnchangedModel) {
  const Status status = check({"", [](ModelT &, std::vector<SectionRecord> &) {}, ""});
  EXPECT_TRUE(status.ok()) << status.message();
}

// What was compiled from IR alone does not say how pictures become its input.
TEST(ModelChecksTest, AcceptsModelsWithoutPreprocessing) {
  const Status status = check({"",
                               [](ModelT &model, std::vector<SectionRecord> &) {
                                 model.preprocessing = std::make_unique<PreprocessingT>();
                               },
                               ""});
  EXPECT_TRUE(status.ok()) << status.message();
}

TEST_P(ModelChecksTest, Negative) {
  const Status status = check(GetParam());
  EXPECT_EQ(status.code(), StatusCode::InvalidInput);
  EXPECT_NE(status.message().find(GetParam().message), std::string::npos) << status.message();
}

#define CASE(name, change, message)                                                                          \
  Case {                                                                                                     \
    #name, [](ModelT &model, std::vector<SectionRecord> &sections) { change; }, message                      \
  }

INSTANTIATE_TEST_SUITE_P(
    Description, ModelChecksTest,
    testing::Values(
        CASE(EmptyProducer, model.producer.clear(), "producer: expected a text, found an empty one"),
        CASE(EmptyType, model.entries[0]->programs[0]->dtype.clear(),
             "program for 'cpu': expected a dtype the device computes in, found ''"),
        CASE(ZeroInLicence, model.licence = std::string("a\0b", 3),
             "licence: expected a text, found a zero byte"),
        CASE(ZeroInLabel, model.labels[1] = std::string(1, '\0'),
             "label 1: expected a text, found a zero byte"),
        CASE(NoMean, model.preprocessing->mean.clear(), "expected a mean and a deviation of each channel"),
        CASE(OneDeviation, model.preprocessing->std.pop_back(),
             "expected a mean and a deviation of each channel"),
        CASE(InfiniteMean, model.preprocessing->mean[1] = kInfinity, "other than 0 in channel 1"),
        CASE(ZeroDeviation, model.preprocessing->std[2] = 0, "other than 0 in channel 2"),
        CASE(CropPct, model.preprocessing->crop_pct = 0, "expected a crop_pct above 0"),
        CASE(CropMode, model.preprocessing->crop_mode.clear(), "expected a crop_mode and an interpolation"),
        CASE(OneChannel, (model.preprocessing->mean.pop_back(), model.preprocessing->std.pop_back()),
             "channels of the preprocessing: expected 3 to 3, found 2")),
    [](const auto &info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Parameters, ModelChecksTest,
    testing::Values(
        CASE(Unaligned, model.parameters[1]->offset = 68,
             "parameter 1 'unused', offset: expected a multiple of 64"),
        CASE(Overlap, model.parameters[1]->offset = 0, "parameter 1 'unused', offset: expected 12 to"),
        CASE(Outside, model.parameters[1]->offset = uint64_t(1) << 63,
             "parameter 1 'unused', offset: expected 12 to"),
        CASE(TooLong, model.parameters[1]->bytes = 1000,
             "parameter 1 'unused', bytes: expected 1 to 264, found 1000"),
        CASE(Overflow, model.parameters[1]->bytes = UINT64_MAX,
             "parameter 1 'unused', bytes: expected 1 to 264"),
        CASE(Empty, model.parameters[0]->bytes = 0, "parameter 0 'factors', bytes: expected 1 to"),
        CASE(NoPadding, model.parameters[1]->bytes = 201, "expected 64 bytes after the last, found 63"),
        CASE(NoName, model.parameters[0]->name.clear(), "parameter 0 '', name: expected a text")),
    [](const auto &info) { return "Parameter" + std::string(info.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Code, ModelChecksTest,
    testing::Values(CASE(Section, model.code[0]->section = 3,
                         "code 0 'x86-64', section: expected an index below 3, found 3"),
                    CASE(Kind, model.code[0]->section = 2, "expected a section of code, found section 2"),
                    CASE(Twice, model.code.push_back(std::make_unique<CodeT>(*model.code[0])),
                         "expected one code of a kind for each target, found a second"),
                    CASE(Shared,
                         (model.code.push_back(std::make_unique<CodeT>(*model.code[0])),
                          model.code[1]->target = "other"),
                         "expected a section of its own"),
                    CASE(Unused, sections.push_back({SectionKind::Code, 4096, 16384, 10, 0}),
                         "expected a target for each section of code, found none for section 3")),
    [](const auto &info) { return "Code" + std::string(info.param.name); });

/// Gives the model PTX for sm_80, code for it to every kernel, and makes its program one for GPUs.
static GPUImplementationT &addGPU(ModelT &model, std::vector<SectionRecord> &table) {
  table[2].kind = SectionKind::Code; // In place of the plan, which these checks do not need.
  auto code = std::make_unique<CodeT>();
  code->target = "sm_80";
  code->section = 2;
  code->kind = CodeKind::PTX;
  model.code.push_back(std::move(code));
  for (const std::unique_ptr<KernelT> &kernel : model.kernels) {
    auto launch = std::make_unique<LaunchT>();
    launch->function = "f";
    launch->items = launch->group = launch->multiplier = 1;
    launch->threads = 32;
    auto variant = std::make_unique<VariantT>();
    variant->batch = 1;
    variant->launches.push_back(std::move(launch));
    auto implementation = std::make_unique<GPUImplementationT>();
    implementation->target = "sm_80";
    implementation->variants.push_back(std::move(variant));
    kernel->gpu.push_back(std::move(implementation));
    kernel->implementations.clear();
  }
  model.entries[0]->programs[0]->device = "cuda";
  return *model.kernels[0]->gpu[0];
}

TEST(ModelChecksTest, AcceptsGPUsAlone) {
  const Status status =
      check({"", [](ModelT &model, std::vector<SectionRecord> &table) { addGPU(model, table); }, ""});
  EXPECT_TRUE(status.ok()) << status.message();
}

INSTANTIATE_TEST_SUITE_P(
    GPU, ModelChecksTest,
    testing::Values(
        CASE(Target, addGPU(model, sections).target = "sm_90",
             "expected a target that there is an image for"),
        CASE(FirstBatch, addGPU(model, sections).variants[0]->batch = 2, "batch: expected 1 to 1, found 2"),
        CASE(NoVariant, addGPU(model, sections).variants.clear(), "variants: expected 1 to"),
        CASE(NoLaunch, addGPU(model, sections).variants[0]->launches.clear(), "launches: expected 1 to"),
        CASE(Function, addGPU(model, sections).variants[0]->launches[0]->function.clear(),
             "function: expected"),
        CASE(Items, addGPU(model, sections).variants[0]->launches[0]->items = 0, "items: expected 1 to"),
        CASE(Threads, addGPU(model, sections).variants[0]->launches[0]->threads = 48, "expected whole warps"),
        CASE(ManyThreads, addGPU(model, sections).variants[0]->launches[0]->threads = 1056,
             "threads: expected 32 to 1024"),
        CASE(Shared, addGPU(model, sections).variants[0]->launches[0]->shared = (227 << 10) + 1, "shared"),
        CASE(NoCode, (addGPU(model, sections), model.kernels[1]->gpu.clear()),
             "expected a kernel that has code for the device"),
        CASE(NoCPUCode, (addGPU(model, sections), model.entries[0]->programs[0]->device = "cpu"),
             "expected a kernel that has code for the device"),
        CASE(Device, model.entries[0]->programs[0]->device = "tpu", "expected a program for cpu or cuda"),
        CASE(DeviceTwice, model.entries[0]->programs.push_back(std::move(testEntry()->programs[0])),
             "expected one for each device, found a second"),
        CASE(CodeOfGPU,
             (addGPU(model, sections),
              model.kernels[0]->implementations.push_back(implementation(1, {{0, 1, 1, 1}}))),
             "expected code for a CPU, found an image for a GPU")),
    [](const auto &info) { return "GPU" + std::string(info.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Kernels, ModelChecksTest,
    testing::Values(
        CASE(NoFamily, model.kernels[1]->family.clear(), "kernel 1 'centre', family: expected a text"),
        CASE(Role, argument(model, 0, 0).mutate_role(ArgumentRole(3)),
             "argument 0, role: expected 0 to 2, found 3"),
        CASE(Order, argument(model, 0, 0).mutate_role(ArgumentRole::Result),
             "argument 1, role: expected 1 to 2, found 0"),
        CASE(AfterWorkspace, model.kernels[1]->arguments.push_back(argument(model, 1, 2)),
             "argument 3: expected no argument after the workspace"),
        CASE(NoBytes, argument(model, 0, 1).mutate_bytes(0),
             "kernel 0 'scale', argument 1, bytes: expected 1 to"),
        CASE(HugeBytes, argument(model, 0, 1).mutate_bytes(UINT64_MAX), "argument 1, bytes: expected 1 to"),
        CASE(WholeResult, argument(model, 0, 2).mutate_batched(false),
             "argument 2: expected a result or workspace for each image"),
        CASE(Code, model.kernels[2]->implementations[0]->code = 1,
             "kernel 2 'summary', implementation 0, code: expected an index below 1, found 1"),
        CASE(Twice, model.kernels[2]->implementations.push_back(implementation(0, {{0, 1, 1, 1}})),
             "implementation 1: expected one for each target, found a second"),
        CASE(Scratch, model.kernels[2]->implementations[0]->scratch = UINT64_MAX,
             "implementation 0, scratch"),
        CASE(NoPhases, model.kernels[2]->implementations[0]->phases.clear(), "implementation 0, phases"),
        CASE(Offset, model.kernels[2]->implementations[0]->phases[0].mutate_code_offset(100),
             "implementation 0, code offset: expected an index below 100, found 100"),
        CASE(Items, model.kernels[2]->implementations[0]->phases[0].mutate_items(0),
             "implementation 0, items"),
        CASE(Group, model.kernels[2]->implementations[0]->phases[0].mutate_group(0),
             "implementation 0, group"),
        CASE(Multiplier, model.kernels[0]->implementations[0]->phases[0].mutate_multiplier(uint64_t(1) << 40),
             "implementation 0, multiplier")),
    [](const auto &info) { return "Kernel" + std::string(info.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Entries, ModelChecksTest,
    testing::Values(
        CASE(None, model.entries.clear(), "number of entry points: expected 1 to"),
        CASE(Twice, model.entries.push_back(testEntry()),
             "entry point 1 'forward_4x5': expected a name of its own"),
        CASE(NoName, model.entries[0]->name.clear(), "entry point 0 '', name"),
        CASE(InputType, model.entries[0]->input = InputType(2), "input: expected 0 to 1, found 2"),
        CASE(BytesForNumbers, model.entries[0]->input = InputType::U8,
             "buffer 0: expected at least the 240 bytes its kernel uses, found 60"),
        CASE(Channels, model.entries[0]->channels = 0, "channels: expected 1 to"),
        CASE(Height, model.entries[0]->height = 0, "height: expected 1 to"),
        CASE(Width, model.entries[0]->width = UINT32_MAX, "width: expected 1 to"),
        CASE(UnalignedArena, model.entries[0]->programs[0]->arena += 1, "arena: expected a multiple of 64"),
        CASE(HugeArena, model.entries[0]->programs[0]->arena = uint64_t(1) << 63, "arena: expected 0 to"),
        CASE(NoOutputs, model.entries[0]->outputs.clear(), "number of outputs: expected 1 to"),
        CASE(OutputTwice, model.entries[0]->outputs[1]->name = "centred",
             "output 1 'centred': expected a name of its own"),
        CASE(OutputRank, model.entries[0]->outputs[0]->shape = std::vector<uint32_t>(9, 1),
             "rank: expected 0 to 8"),
        CASE(OutputSize, model.entries[0]->outputs[0]->shape[1] = 0,
             "output 0 'centred', shape: expected 1 to"),
        CASE(OutputOverflow, model.entries[0]->outputs[0]->shape = std::vector<uint32_t>(3, UINT32_MAX),
             "output 0 'centred', shape: expected 1 to"),
        CASE(OutputUnwritten, model.entries[0]->outputs.push_back(output("more", {1})),
             "expected a dispatch that writes output 'more', found none")),
    [](const auto &info) { return "Entry" + std::string(info.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Dispatches, ModelChecksTest,
    testing::Values(CASE(Kernel, model.entries[0]->programs[0]->dispatches[1]->kernel = 3,
                         "dispatch 1 'stem.centre', kernel: expected an index below 3, found 3"),
                    CASE(TooFewBuffers, model.entries[0]->programs[0]->dispatches[1]->buffers.pop_back(),
                         "number of buffers: expected 3 to 3, found 2"),
                    CASE(BufferKind, buffer(model, 0, 0).mutate_kind(BufferKind(4)),
                         "buffer 0: expected a kind up to 3, found 4"),
                    CASE(ParameterIndex, buffer(model, 0, 1).mutate_index(2),
                         "buffer 1, parameter: expected an index below 2"),
                    CASE(ParameterTooShort, argument(model, 0, 1).mutate_bytes(13),
                         "buffer 1: expected at least the 13 bytes its kernel uses, found 12"),
                    CASE(ParameterForImage, buffer(model, 1, 0) = Buffer(BufferKind::Parameter, 0, 0, 0),
                         "buffer 0: expected memory of each image, found a parameter"),
                    CASE(ImageForParameter, buffer(model, 0, 1) = Buffer(BufferKind::Slice, 0, 0, 64),
                         "buffer 1: expected a parameter, found memory of each image"),
                    CASE(InputTooShort, argument(model, 0, 0).mutate_bytes(241),
                         "buffer 0: expected at least the 241 bytes its kernel uses, found 240"),
                    CASE(WritesInput, buffer(model, 0, 2) = Buffer(BufferKind::Input, 0, 0, 0),
                         "buffer 2: expected memory that can be written, found the input"),
                    CASE(OutputIndex, buffer(model, 1, 1).mutate_index(2),
                         "buffer 1, output: expected an index below 2, found 2"),
                    CASE(OutputTooShort, argument(model, 2, 2).mutate_bytes(17),
                         "buffer 2: expected at least the 17 bytes its kernel uses, found 16"),
                    CASE(OutputAsWorkspace, buffer(model, 1, 2) = Buffer(BufferKind::Output, 1, 0, 0),
                         "buffer 2: expected a slice for a workspace, found an output"),
                    CASE(OutputReadFirst,
                         std::swap(model.entries[0]->programs[0]->dispatches[1],
                                   model.entries[0]->programs[0]->dispatches[2]),
                         "buffer 1: expected an output that has been written, found one that has not"),
                    CASE(SliceUnaligned, buffer(model, 0, 2).mutate_offset(32),
                         "buffer 2, offset: expected a multiple of 64"),
                    CASE(SliceBytesUnaligned, buffer(model, 0, 2).mutate_bytes(250),
                         "buffer 2, bytes: expected a multiple of 64"),
                    CASE(SliceOutside, buffer(model, 0, 2).mutate_offset(384),
                         "buffer 2, offset: expected 0 to 320, found 384"),
                    CASE(SliceTooLong, buffer(model, 0, 2).mutate_bytes(384),
                         "buffer 2, bytes: expected 1 to 320, found 384"),
                    CASE(SliceBeyondArena, (buffer(model, 0, 2) = Buffer(BufferKind::Slice, 0, 64, 320)),
                         "buffer 2, bytes: expected 1 to 256, found 320"),
                    CASE(SliceOverflow, buffer(model, 0, 2).mutate_bytes(0xFFFFFFFFFFFFFFC0),
                         "buffer 2, bytes: expected 1 to 320"),
                    CASE(SliceTooShort, buffer(model, 0, 2).mutate_bytes(192),
                         "buffer 2: expected at least the 240 bytes its kernel uses, found 192"),
                    CASE(WorkspaceTooShort, argument(model, 1, 2).mutate_bytes(65),
                         "buffer 2: expected at least the 65 bytes its kernel uses, found 64")),
    [](const auto &info) { return "Dispatch" + std::string(info.param.name); });
