//===- CheckpointTest.cpp - From a path to a checked model ----------------------===//

#include "TestCheckpoint.h"

using namespace mv;
using mv::test::TestCheckpoint;

static const std::string kFashion = std::string(MV_MODELS_DIR) + "/fashion";

// A trained checkpoint: F16, the prefix "model.", labels.
TEST(Checkpoint, LoadsTheTrainedCheckpoint) {
  ThreadPool pool(2);
  auto checkpoint = loadCheckpoint(kFashion, "", pool);
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status().message();
  EXPECT_TRUE(checkpoint->warnings.empty());
  EXPECT_EQ(checkpoint->spec.numClasses, 10);
  EXPECT_EQ(checkpoint->spec.labels.at(9), "Ankle boot");
  EXPECT_EQ(checkpoint->spec.preprocessing.height, 64);
  int64_t parameters = 0;
  for (const ExpectedTensor &expected : expectedTensors(checkpoint->spec)) {
    const WeightFile::Tensor *tensor = checkpoint->weights.find(expected.name);
    ASSERT_NE(tensor, nullptr) << expected.name;
    EXPECT_EQ(tensor->type, ElementType::F16);
    parameters += tensor->elementCount();
  }
  EXPECT_EQ(parameters, 645658); // What its README says.
}

// A config alone, its folder's weights, and random ones.
TEST(Checkpoint, ConfigWithWeights) {
  ThreadPool pool(2);
  std::string config = kFashion + "/config.json";
  EXPECT_TRUE(loadCheckpoint(config, "", pool).ok());
  EXPECT_TRUE(loadCheckpoint(config, kFashion, pool).ok());
  EXPECT_TRUE(loadCheckpoint(config, kFashion + "/model.safetensors", pool).ok());
  auto random = loadCheckpoint(config, "random:3", pool);
  ASSERT_TRUE(random.ok()) << random.status().message();
  EXPECT_TRUE(random->weights.isRandom());
  ASSERT_EQ(random->warnings.size(), 1u);
  EXPECT_EQ(random->warnings[0], "the weights are made up (random:3): answers will mean nothing");
}

// Every published variant resolves with random weights; the published form of T2 gives the same model as
// ours.
TEST(Checkpoint, PublishedVariantsWithRandomWeights) {
  ThreadPool pool(1);
  for (const auto &entry : std::filesystem::directory_iterator(MV_MODELS_DIR))
    if (entry.path().extension() == ".json") {
      auto checkpoint = loadCheckpoint(entry.path().string(), "random:1", pool);
      EXPECT_TRUE(checkpoint.ok()) << checkpoint.status().message();
    }
  auto ours = loadCheckpoint(std::string(MV_MODELS_DIR) + "/T2.json", "random:1", pool);
  auto published = loadCheckpoint(std::string(MV_MODELS_DIR) + "/T2-published.json", "random:1", pool);
  ASSERT_TRUE(ours.ok() && published.ok());
  EXPECT_EQ(published->spec.numClasses, 1000);
  EXPECT_EQ(published->weights.tensors().size(), ours->weights.tensors().size());
  EXPECT_EQ(published->spec.labels.size(), 1000u);
}

TEST(Checkpoint, LocatesConfigAndWeights) {
  auto location = locateCheckpoint(kFashion);
  ASSERT_TRUE(location.ok());
  EXPECT_EQ(location->configPath, kFashion + "/config.json");
  EXPECT_EQ(location->weights, kFashion);
  location = locateCheckpoint(kFashion + "/config.json", "random:1");
  ASSERT_TRUE(location.ok());
  EXPECT_EQ(location->weights, "random:1");
}

TEST(Checkpoint, negative_Source) {
  test::TemporaryFolder folder;
  EXPECT_EQ(locateCheckpoint(folder.path()).status().message(),
            "'" + folder.path() + "': expected a checkpoint folder with config.json, found none in it");
  EXPECT_EQ(locateCheckpoint("/nonexistent").status().message(),
            "'/nonexistent': expected a checkpoint folder or a config.json, found no such file");
  EXPECT_CONTAINS(locateCheckpoint(kFashion + "/model.safetensors").status().message(),
                  "found weights; pass the config, and these with --weights=");
}

TEST(Checkpoint, LicenceFromReadme) {
  EXPECT_EQ(licenceFromReadme("---\nlicense: apache-2.0\ntags:\n- x\n---\n# Title\n"), "apache-2.0");
  EXPECT_EQ(licenceFromReadme("---\r\nlicense: other\r\nlicense_name: \"nvclv1\"\r\n---\r\n"), "nvclv1");
  EXPECT_EQ(licenceFromReadme("# Title\nlicense: mit\n"), "");
  EXPECT_EQ(licenceFromReadme("---\ntags: x\n---\nlicense: mit\n"), "");
  EXPECT_EQ(licenceFromReadme(""), "");
}

// The licence is that of the weights, wherever the config comes from.
TEST(Checkpoint, ReadsTheLicenceBesideTheWeights) {
  TestCheckpoint test;
  test.save();
  test.folder.write("README.md", "---\nlicense: cc-by-nc-sa-4.0\n---\n");
  test.folder.write("elsewhere/config.json", test.config.dump());
  test.folder.write("elsewhere/README.md", "---\nlicense: mit\n---\n");
  auto checkpoint = loadCheckpoint(test.folder.file("elsewhere/config.json"), test.folder.path(), test.pool);
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status().message();
  EXPECT_EQ(checkpoint->licence, "cc-by-nc-sa-4.0");
}

// Without a README, the published weights are known by the name in the config; random ones have no licence.
TEST(Checkpoint, LicenceOfPublishedWeights) {
  TestCheckpoint test;
  EXPECT_EQ(test.load()->licence, "");
  test.config["_name_or_path"] = "nvidia/MambaVision-T-1K";
  EXPECT_EQ(test.load()->licence, "cc-by-nc-sa-4.0");
  auto random = loadCheckpoint(test.folder.file("config.json"), "random:1", test.pool);
  ASSERT_TRUE(random.ok()) << random.status().message();
  EXPECT_EQ(random->licence, "");
}
