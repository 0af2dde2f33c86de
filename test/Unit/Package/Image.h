//===- Image.h - A package file in memory, to be damaged ------------*- C++ -*-===//

#ifndef MV_TEST_UNIT_PACKAGE_IMAGE_H
#define MV_TEST_UNIT_PACKAGE_IMAGE_H

#include "Support/TemporaryFolder.h"
#include "TestModel.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace mv::test {

/// Bytes aligned as a mapping is, with setters for what the format describes.
class Image {
public:
  explicit Image(const std::string &content) : size_(content.size()) {
    constexpr size_t kPage = 4096;
    memory_.reset(static_cast<std::byte *>(std::aligned_alloc(kPage, package::alignUp(size_ + 1, kPage))));
    std::memcpy(memory_.get(), content.data(), size_);
  }
  /// The package of writeTestPackage().
  static Image ofTestPackage() {
    const TemporaryFolder folder;
    const Status status = writeTestPackage(folder.file("model.mvx"));
    EXPECT_TRUE(status.ok()) << status.message();
    return Image(folder.read("model.mvx"));
  }

  size_t size() const { return size_; }
  std::byte &operator[](size_t index) { return memory_.get()[index]; }
  std::span<std::byte> bytes() { return {memory_.get(), size_}; }
  package::FileHeader &header() { return *reinterpret_cast<package::FileHeader *>(memory_.get()); }
  package::SectionRecord &section(size_t index) {
    return reinterpret_cast<package::SectionRecord *>(memory_.get() + sizeof(package::FileHeader))[index];
  }

  /// Makes the checksums of table and header right again.
  void rehash() {
    header().tableHash = package::hashBytes(
        bytes().subspan(sizeof(package::FileHeader), header().sectionCount * sizeof(package::SectionRecord)));
    header().headerHash = package::hashHeader(header());
  }

  Status read(const package::ReaderOptions &options = {.verifyParameters = true, .threads = 1}) {
    return readFirst(size_, options);
  }
  Status readFirst(size_t count,
                   const package::ReaderOptions &options = {.verifyParameters = true, .threads = 1}) {
    return package::PackageFile::parse({memory_.get(), count}, "model.mvx", options).status();
  }

private:
  struct Free {
    void operator()(std::byte *memory) const { std::free(memory); }
  };
  size_t size_;
  std::unique_ptr<std::byte, Free> memory_;
};

/// One line that names the file, has this code and contains `part`.
inline void expectRefused(const Status &status, const std::string &part,
                          StatusCode code = StatusCode::InvalidInput) {
  EXPECT_EQ(status.code(), code) << status.message();
  EXPECT_NE(status.message().find(part), std::string::npos)
      << "expected '" << part << "' in: " << status.message();
  EXPECT_NE(status.message().find("model.mvx"), std::string::npos) << status.message();
  EXPECT_EQ(status.message().find('\n'), std::string::npos) << status.message();
}

} // namespace mv::test

#endif // MV_TEST_UNIT_PACKAGE_IMAGE_H
