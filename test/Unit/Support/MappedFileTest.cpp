//===- MappedFileTest.cpp - Read-only mappings and files written whole ----------===//

#include "mv/Support/MappedFile.h"
#include "Support/TemporaryFolder.h"

#include <csignal>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

using namespace mv;
using mv::test::TemporaryFolder;

static std::string text(const MappedFile &file) {
  return {reinterpret_cast<const char *>(file.bytes().data()), file.bytes().size()};
}

TEST(MappedFile, MapsTheContent) {
  TemporaryFolder folder;
  auto file = MappedFile::open(folder.write("a", "content"));
  ASSERT_TRUE(file.ok()) << file.status().message();
  EXPECT_EQ(text(*file), "content");
  EXPECT_GE(file->descriptor(), 0);
}

TEST(MappedFile, EmptyFileIsAnEmptySpan) {
  TemporaryFolder folder;
  auto file = MappedFile::open(folder.write("a", ""));
  ASSERT_TRUE(file.ok()) << file.status().message();
  EXPECT_TRUE(file->bytes().empty());
}

// The mapping moves with the object and is released once.
TEST(MappedFile, Moves) {
  TemporaryFolder folder;
  auto first = MappedFile::open(folder.write("a", "first"));
  auto second = MappedFile::open(folder.write("b", "second"));
  ASSERT_TRUE(first.ok() && second.ok());
  MappedFile moved = std::move(*first);
  EXPECT_EQ(text(moved), "first");
  EXPECT_TRUE(first->bytes().empty());
  moved = std::move(*second);
  EXPECT_EQ(text(moved), "second");
}

TEST(MappedFile, negative_Missing) {
  auto file = MappedFile::open("/nonexistent/a");
  ASSERT_FALSE(file.ok());
  EXPECT_EQ(file.status().message(), "cannot open '/nonexistent/a': No such file or directory");
  EXPECT_EQ(file.status().code(), StatusCode::InvalidInput);
}

TEST(MappedFile, negative_Folder) {
  TemporaryFolder folder;
  auto file = MappedFile::open(folder.path());
  ASSERT_FALSE(file.ok());
  EXPECT_EQ(file.status().message(), "cannot read '" + folder.path() + "': expected a file, found a folder");
}

// A pipe nobody writes to is refused, not waited for.
TEST(MappedFile, negative_Pipe) {
  TemporaryFolder folder;
  ASSERT_EQ(mkfifo(folder.file("pipe").c_str(), 0600), 0);
  auto file = MappedFile::open(folder.file("pipe"));
  ASSERT_FALSE(file.ok());
  EXPECT_NE(file.status().message().find("found a device or pipe"), std::string::npos);
}

// The file appears under its name with commit(), not before.
TEST(AtomicFile, AppearsWhenCommitted) {
  TemporaryFolder folder;
  auto file = AtomicFile::create(folder.file("out"));
  ASSERT_TRUE(file.ok()) << file.status().message();
  ASSERT_TRUE(file->write(std::string("hello ")).ok());
  ASSERT_TRUE(file->write(std::string("world")).ok());
  EXPECT_FALSE(std::filesystem::exists(folder.file("out")));
  ASSERT_TRUE(file->commit().ok());
  EXPECT_EQ(folder.read("out"), "hello world");
  EXPECT_EQ(folder.entries(), 1u);
}

// What is abandoned leaves nothing behind, and an older file of that name as it was.
TEST(AtomicFile, AbandonedLeavesNothing) {
  TemporaryFolder folder;
  folder.write("out", "old");
  {
    auto file = AtomicFile::create(folder.file("out"));
    ASSERT_TRUE(file.ok());
    ASSERT_TRUE(file->write(std::string("new")).ok());
    AtomicFile moved = std::move(*file);
  }
  EXPECT_EQ(folder.read("out"), "old");
  EXPECT_EQ(folder.entries(), 1u);
}

TEST(AtomicFile, WritesAtOffsetsFromSeveralThreads) {
  TemporaryFolder folder;
  auto file = AtomicFile::create(folder.file("out"));
  ASSERT_TRUE(file.ok());
  auto writePart = [&](size_t part) {
    std::string data(1000, char('a' + part));
    EXPECT_TRUE(file->writeAt(part * data.size(), std::as_bytes(std::span(data))).ok());
  };
  std::thread one(writePart, 1), zero(writePart, 0);
  one.join();
  zero.join();
  ASSERT_TRUE(file->commit().ok());
  EXPECT_EQ(folder.read("out"), std::string(1000, 'a') + std::string(1000, 'b'));
}

// Two writers of one name do not write into each other's file; the last commit wins.
TEST(AtomicFile, TwoWritersOfOneName) {
  TemporaryFolder folder;
  auto first = AtomicFile::create(folder.file("out"));
  auto second = AtomicFile::create(folder.file("out"));
  ASSERT_TRUE(first.ok() && second.ok());
  ASSERT_TRUE(first->write(std::string("first")).ok());
  ASSERT_TRUE(second->write(std::string("2")).ok());
  ASSERT_TRUE(first->commit().ok());
  EXPECT_EQ(folder.read("out"), "first");
  ASSERT_TRUE(second->commit().ok());
  EXPECT_EQ(folder.read("out"), "2");
}

// A link keeps pointing at the file it pointed at.
TEST(AtomicFile, WritesThroughASymbolicLink) {
  TemporaryFolder folder;
  folder.write("target", "old");
  std::filesystem::create_symlink(folder.file("target"), folder.file("link"));
  auto file = AtomicFile::create(folder.file("link"));
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE(file->write(std::string("new")).ok());
  ASSERT_TRUE(file->commit().ok());
  EXPECT_TRUE(std::filesystem::is_symlink(folder.file("link")));
  EXPECT_EQ(folder.read("target"), "new");
}

// `-o /dev/null` or a pipe must not be replaced by a file. Tried on a pipe in the test's own folder: a
// mistake must not cost the machine its /dev/null.
TEST(AtomicFile, WritesIntoAPipe) {
  TemporaryFolder folder;
  ASSERT_EQ(mkfifo(folder.file("pipe").c_str(), 0600), 0);
  int reader = ::open(folder.file("pipe").c_str(), O_RDONLY | O_NONBLOCK);
  ASSERT_GE(reader, 0);
  auto file = AtomicFile::create(folder.file("pipe"));
  ASSERT_TRUE(file.ok()) << file.status().message();
  ASSERT_TRUE(file->write(std::string("text")).ok());
  ASSERT_TRUE(file->commit().ok());
  char received[8] = {};
  EXPECT_EQ(::read(reader, received, sizeof(received)), 4);
  ::close(reader);
  EXPECT_STREQ(received, "text");
  EXPECT_TRUE(std::filesystem::is_fifo(folder.file("pipe")));
  EXPECT_EQ(folder.entries(), 1u);
}

TEST(AtomicFile, negative_Folder) {
  TemporaryFolder folder;
  auto file = AtomicFile::create(folder.path());
  ASSERT_FALSE(file.ok());
  EXPECT_NE(file.status().message().find("expected the name of a file, found a folder"), std::string::npos);
}

TEST(AtomicFile, negative_NoSuchFolder) {
  auto file = AtomicFile::create("/nonexistent/out");
  ASSERT_FALSE(file.ok());
  EXPECT_EQ(file.status().message(), "cannot write '/nonexistent/out': No such file or directory");
}

// What the machine refuses has another exit code than a wrong name: here a file larger than the limit set on
// it.
TEST(AtomicFile, negative_MachineRefuses) {
  TemporaryFolder folder;
  auto file = AtomicFile::create(folder.file("out"));
  ASSERT_TRUE(file.ok());
  struct rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  struct rlimit small = {16, before.rlim_max};
  auto handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  Status status = file->write(std::string(100, 'x'));
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.code(), StatusCode::Unavailable);
  EXPECT_NE(status.message().find("File too large"), std::string::npos) << status.message();
}
