//===- DamageTest.cpp - Files that are no packages any more ---------------------===//

#include "Image.h"

using namespace mv;
using namespace mv::package;
using namespace mv::test;

TEST(DamageTest, TheUndamagedFileIsRead) {
  Image image = Image::ofTestPackage();
  const Status status = image.read();
  EXPECT_TRUE(status.ok()) << status.message();
}

// No bit of the file, padding included, can change unnoticed.
TEST(DamageTest, EveryByteIsChecked) {
  Image image = Image::ofTestPackage();
  for (size_t index = 0; index < image.size(); ++index) {
    const auto bit = static_cast<std::byte>(1 << index % 8);
    image[index] ^= bit;
    const Status status = image.read();
    image[index] ^= bit;
    ASSERT_EQ(status.code(), StatusCode::InvalidInput) << "byte " << index;
  }
  EXPECT_TRUE(image.read().ok());
}

TEST(DamageTest, NoPrefixIsRead) {
  Image image = Image::ofTestPackage();
  for (size_t size = 0; size < image.size(); ++size)
    ASSERT_EQ(image.readFirst(size).code(), StatusCode::InvalidInput) << size << " bytes";
}

TEST(DamageTest, NamesWhatIsCutOff) {
  Image image = Image::ofTestPackage();
  expectRefused(image.readFirst(0), "is no mv package: it is empty");
  expectRefused(image.readFirst(20), "it ends within its header, after 20 bytes");
  for (size_t index = 0; index < image.header().sectionCount; ++index)
    expectRefused(image.readFirst(image.section(index).offset),
                  "it is cut off: expected " + std::to_string(image.size()) + " bytes, found " +
                      std::to_string(image.section(index).offset));
}

TEST(DamageTest, NamesWhatIsTooLong) {
  const TemporaryFolder folder;
  ASSERT_TRUE(writeTestPackage(folder.file("model.mvx")).ok());
  Image image(folder.read("model.mvx") + "x");
  expectRefused(image.read(), "it is too long: expected " + std::to_string(image.size() - 1) + " bytes");
}

TEST(DamageTest, NamesTheSectionThatIsWrong) {
  Image image = Image::ofTestPackage();
  const char *expected[] = {"the checksum of parameter 'factors' is wrong",
                            "the checksum of section 1 (code) is wrong",
                            "the checksum of section 2 (plan) is wrong"};
  for (size_t index = 0; index < 3; ++index) {
    std::byte &byte = image[image.section(index).offset + 3];
    byte ^= std::byte(4);
    expectRefused(image.read(), expected[index]);
    byte ^= std::byte(4);
  }
  image[200] ^= std::byte(1);
  expectRefused(image.read(), "bytes before offset 4096 are not zero");
}

// The bytes between parameters are read by kernels, though not used.
TEST(DamageTest, ChecksTheGapsBetweenParameters) {
  Image image = Image::ofTestPackage();
  image[kSectionAlignment + sizeof(kFactors) + 1] = std::byte(1);
  expectRefused(image.read(), "bytes between its parameters are not zero");
}

TEST(DamageTest, ForeignFiles) {
  for (const char *content : {"\x7f"
                              "ELF",
                              "{\"a\": 1}", "MVX",
                              "\x89PNG\r\n\x1a\n and so on, for more than sixty-four bytes in all, as "
                              "pictures are"})
    expectRefused(Image(content).read(), "is no mv package: it does not begin as one");
}

TEST(DamageTest, OtherVersions) {
  Image image = Image::ofTestPackage();
  image.header().version = kFormatVersion + 1; // Whatever its hash may be then.
  expectRefused(image.read(),
                "has package format 4, this mv reads format 3: use the mv that wrote it, or a newer one");
  image.header().version = 0;
  expectRefused(image.read(), "has package format 0, this mv reads format 3: compile the model again");
}

TEST(DamageTest, UnknownFeatures) {
  Image image = Image::ofTestPackage();
  image.header().flags = 1;
  image.rehash();
  expectRefused(image.read(), "uses a feature this mv does not know");
  image.header().flags = 0;
  image.header().reserved[1] = 1;
  image.rehash();
  expectRefused(image.read(), "uses a feature this mv does not know");
}

//===----------------------------------------------------------------------===//
// A table that is wrong although its checksum is right
//===----------------------------------------------------------------------===//

namespace {

/// The error after `change` has been made to the package and its checksums.
template <typename Change> Status tableError(Change change) {
  Image image = Image::ofTestPackage();
  change(image);
  image.rehash();
  return image.read();
}

} // namespace

TEST(DamageTest, NegativeSectionCount) {
  Image image = Image::ofTestPackage();
  image.header().sectionCount = kMaxSections + 1;
  image.header().headerHash = hashHeader(image.header());
  expectRefused(image.read(), "no room for its 65 sections");
  image.header().sectionCount = 0xFFFFFFFF;
  image.header().headerHash = hashHeader(image.header());
  expectRefused(image.read(), "no room for its 4294967295 sections");
}

TEST(DamageTest, NegativeSectionKind) {
  expectRefused(tableError([](Image &image) { image.section(1).kind = SectionKind(9); }),
                "of the unknown kind 9");
  expectRefused(tableError([](Image &image) { image.section(1).kind = SectionKind(0); }),
                "of the unknown kind 0");
  expectRefused(tableError([](Image &image) { image.section(0).kind = SectionKind::Code; }),
                "the checksum of section 0 (code) is wrong");
  expectRefused(tableError([](Image &image) { image.section(1).kind = SectionKind::Plan; }),
                "expected one section of kind plan, found 2");
  expectRefused(tableError([](Image &image) { image.section(2).kind = SectionKind::Code; }),
                "expected one section of kind plan, found 0");
  expectRefused(tableError([](Image &image) { image.section(1).kind = SectionKind::Parameters; }),
                "expected one section of kind parameters, found 2");
}

TEST(DamageTest, NegativeSectionPlace) {
  expectRefused(tableError([](Image &image) { image.section(1).alignment = 64; }),
                "is not aligned to 4096 bytes");
  expectRefused(tableError([](Image &image) { image.section(1).offset += 64; }),
                "is not aligned to 4096 bytes");
  expectRefused(tableError([](Image &image) { image.section(1).offset = image.section(0).offset; }),
                "overlaps what ends at");
  expectRefused(tableError([](Image &image) { image.section(0).offset = 0; }), "overlaps what ends at");
  expectRefused(tableError([](Image &image) { image.section(0).bytes = 0; }), "is not inside the file");
  expectRefused(tableError([](Image &image) { image.section(0).bytes = UINT64_MAX; }),
                "is not inside the file");
  expectRefused(tableError([](Image &image) { image.section(2).offset = uint64_t(1) << 63; }),
                "is not inside the file");
  expectRefused(tableError([](Image &image) { image.section(2).bytes += 1; }), "is not inside the file");
}

TEST(DamageTest, NegativeLastSectionEndsEarly) {
  expectRefused(tableError([](Image &image) {
                  SectionRecord &plan = image.section(2);
                  plan.bytes -= 1;
                  plan.hash = hashBytes(image.bytes().subspan(plan.offset, plan.bytes));
                }),
                "its last section ends at");
}

TEST(DamageTest, NegativePlanIsNoFlatBuffer) {
  expectRefused(tableError([](Image &image) {
                  SectionRecord &plan = image.section(2);
                  image[plan.offset + 4] = std::byte('X'); // The identifier.
                  plan.hash = hashBytes(image.bytes().subspan(plan.offset, plan.bytes));
                }),
                "its plan is no valid FlatBuffer of schema MVXP");
}

// FlatBuffers' own verifier lets a vector of structs begin anywhere.
TEST(DamageTest, NegativeMisalignedStructs) {
  const TemporaryFolder folder;
  // The vector of phases is moved by 4 bytes: its length is then what was the first phase's code offset.
  ModelT model = testModel();
  model.kernels[0]->implementations[0]->phases[0].mutate_code_offset(1);
  ASSERT_TRUE(writePackage(folder.file("model.mvx"), std::move(model), testCode(), fillTestParameter).ok());
  Image image(folder.read("model.mvx"));
  SectionRecord &plan = image.section(2);
  const Model *root = GetModel(&image[plan.offset]);
  const auto *implementation =
      reinterpret_cast<const flatbuffers::Table *>(root->kernels()->Get(0)->implementations()->Get(0));
  const size_t place = plan.offset +
                       (reinterpret_cast<const std::byte *>(implementation) - &image[plan.offset]) +
                       implementation->GetOptionalFieldOffset(Implementation::VT_PHASES);
  image[place] = std::byte(uint8_t(image[place]) + 4);
  plan.hash = hashBytes(image.bytes().subspan(plan.offset, plan.bytes));
  image.rehash();
  expectRefused(image.read(), "phases: expected structs aligned to 8 bytes");
}
