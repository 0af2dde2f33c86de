//===- BuildModel.cpp - The model as IR -----------------------------------------===//

#include "mv/Import/BuildModel.h"
#include "ModelBuilder.h"

using namespace mlir;
using namespace mv;

/// [batch, sizes...]: the batch is the only dynamic dimension.
RankedTensorType ModelBuilder::activation(ArrayRef<int64_t> sizes) {
  SmallVector<int64_t, 4> shape{ShapedType::kDynamic};
  shape.append(sizes.begin(), sizes.end());
  return RankedTensorType::get(shape, builder_.getF32Type());
}

Location ModelBuilder::at(const std::string &path) { return NameLoc::get(builder_.getStringAttr(path)); }

/// All blocks of a level, without the downsampling after them.
Value ModelBuilder::level(Value map, int level) {
  if (level >= kFirstWindowLevel)
    return windowLevel(map, level);
  for (int64_t block = 0; block < spec_.depths[level]; ++block)
    map = convBlock(map, blockPath(level, block));
  return map;
}

func::FuncOp ModelBuilder::buildEntryPoint(Resolution resolution, const OutputSelection &outputs,
                                           InputType input) {
  std::string name = entryPointName(resolution);
  bool isPicture = input == InputType::U8;
  RankedTensorType image =
      isPicture
          ? RankedTensorType::get({ShapedType::kDynamic, resolution.height, resolution.width, spec_.inChans},
                                  builder_.getIntegerType(8, /*isSigned=*/false))
          : activation({spec_.inChans, resolution.height, resolution.width});
  auto function = func::FuncOp::create(builder_, at(name), name, builder_.getFunctionType({image}, {}));
  function->setAttr(kEntryAttribute, builder_.getUnitAttr());
  OpBuilder::InsertionGuard guard(builder_);
  builder_.setInsertionPointToStart(function.addEntryBlock());

  SmallVector<std::pair<std::string, Value>> stages;
  Value given = function.getArgument(0);
  Value map = stem(isPicture ? normalize(given) : given);
  for (int index = 0; index < kLevels; ++index) {
    map = level(map, index);
    if (outputs.stages[index])
      stages.emplace_back("stage" + std::to_string(index), stageOutput(map, index));
    // What follows the last map that somebody reads is not built.
    bool isLast =
        !outputs.logits && !outputs.pooled &&
        std::find(outputs.stages.begin() + index + 1, outputs.stages.end(), true) == outputs.stages.end();
    if (isLast)
      break;
    if (index + 1 < kLevels)
      map = downsample(map, "levels." + std::to_string(index) + ".downsample");
  }

  SmallVector<std::pair<std::string, Value>> results;
  if (outputs.logits || outputs.pooled) {
    HeadOp tail = head(map);
    if (outputs.logits)
      results.emplace_back("logits", tail.getLogits());
    if (outputs.pooled)
      results.emplace_back("pooled", tail.getPooled());
  }
  results.append(stages);

  SmallVector<Value> values;
  SmallVector<Attribute> attributes;
  for (auto &[output, value] : results) {
    values.push_back(value);
    attributes.push_back(
        builder_.getDictionaryAttr(builder_.getNamedAttr(kOutputAttribute, builder_.getStringAttr(output))));
  }
  func::ReturnOp::create(builder_, function.getLoc(), values);
  function.setFunctionType(builder_.getFunctionType({image}, ValueRange(values).getTypes()));
  function.setResAttrsAttr(builder_.getArrayAttr(attributes));
  return function;
}

StatusOr<OwningOpRef<ModuleOp>> mv::buildModel(MLIRContext &context, const ModelSpec &spec,
                                               ArrayRef<Resolution> resolutions,
                                               ArrayRef<std::string> outputs, InputType input) {
  MV_ASSIGN_OR_RETURN(std::vector<Resolution> entries, selectResolutions(spec, resolutions));
  MV_ASSIGN_OR_RETURN(OutputSelection selection, selectOutputs(spec, outputs));
  if (input == InputType::U8 && spec.inChans > NormalizeOp::kMaxChannels)
    return Status::invalidInput("input type u8: expected a model of at most " +
                                std::to_string(NormalizeOp::kMaxChannels) + " channels, found " +
                                std::to_string(spec.inChans));
  context.loadDialect<MVDialect, func::FuncDialect>();
  OpBuilder builder(&context);
  Location loc =
      NameLoc::get(builder.getStringAttr(spec.name.empty() ? StringRef("model") : StringRef(spec.name)));
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  builder.setInsertionPointToEnd(module->getBody());
  ModelBuilder model(builder, spec);
  for (Resolution resolution : entries)
    model.buildEntryPoint(resolution, selection, input);
  return module;
}
