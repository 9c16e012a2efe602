#include "core/atomic_file.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "core/error.h"
#include "core/text.h"
#include "temporary_directory.h"

namespace actrec {
namespace {

std::size_t files_in(const std::filesystem::path& directory) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(directory), {}));
}

TEST(AtomicFile, AppearsOnlyWhenCommitted) {
  TemporaryDirectory directory;
  const auto target = directory / "weights";
  {
    AtomicFile file(target);
    file.write("new", 3);
    EXPECT_FALSE(std::filesystem::exists(target));
    file.commit();
  }
  EXPECT_EQ(read_file(target), "new");
  EXPECT_EQ(files_in(directory.path()), 1u);
}

TEST(AtomicFile, LeavesTheOldContentWhenDropped) {
  TemporaryDirectory directory;
  const auto target = directory / "weights";
  write_file_atomically(target, "old");
  {
    AtomicFile file(target);
    file.write("half", 4);
  }
  EXPECT_EQ(read_file(target), "old");
  EXPECT_EQ(files_in(directory.path()), 1u);
}

TEST(AtomicFile, NamesTheFileAndTheReasonWhenItFails) {
  try {
    AtomicFile file("/nonexistent/directory/file");
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "cannot create /nonexistent/directory/file: No such file or directory");
  }
}

// A file size limit makes write() fail in the middle, as a full disk does.
TEST(AtomicFile, KeepsTheOldFileWhenTheDiskRefusesToTakeMore) {
  TemporaryDirectory directory;
  const auto target = directory / "weights";
  write_file_atomically(target, "old");
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{1000, 1000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    try {
      write_file_atomically(target, std::string(100000, 'x'));
    } catch (const Error&) {
      ::_exit(7);
    }
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 7);
  EXPECT_EQ(read_file(target), "old");
  EXPECT_EQ(files_in(directory.path()), 1u);
}

TEST(CreateWritableDirectory, MakesParentsAndRefusesFiles) {
  TemporaryDirectory directory;
  create_writable_directory(directory / "a/b");
  EXPECT_TRUE(std::filesystem::is_directory(directory / "a/b"));
  write_file_atomically(directory / "file", "x");
  EXPECT_THROW(create_writable_directory(directory / "file"), Error);
}

}  // namespace
}  // namespace actrec
