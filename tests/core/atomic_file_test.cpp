#include "core/atomic_file.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>

#include "core/error.h"
#include "core/text.h"
#include "failing_disk.h"
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

// At every operation in turn: the target is the old file or the new one, never a part of it, and an error
// says why.
TEST(AtomicFile, IsOldOrNewWhateverOperationFails) {
  TemporaryDirectory directory;
  const auto target = directory / "weights";
  int operations = 0;
  {
    const FailingDisk none(0, 0);
    write_file_atomically(target, "new");
    operations = FailingDisk::operations();
  }
  ASSERT_GE(operations, 8);  // open, write, fsync, close, rename; then open, fsync, close of the directory
  for (const bool for_good : {false, true}) {
    for (int at = 1; at <= operations; ++at) {
      write_file_atomically(target, "old");
      const FailingDisk disk(at, EIO, for_good);
      if (at == operations) {
        EXPECT_NO_THROW(write_file_atomically(target, "new"));
      } else {
        try {
          write_file_atomically(target, "new");
          ADD_FAILURE() << "operation " << at;
        } catch (const Error& error) {
          EXPECT_NE(std::string(error.what()).find("Input/output error"), std::string::npos) << error.what();
        }
      }
      EXPECT_EQ(read_file(target), at <= 5 ? "old" : "new") << "operation " << at;
      if (!for_good) {
        EXPECT_EQ(files_in(directory.path()), 1u) << "operation " << at;
      }
    }
  }
}

TEST(AtomicFile, GoesOnAfterAShortWrite) {
  TemporaryDirectory directory;
  const FailingDisk disk(0, 0, false, true);
  write_file_atomically(directory / "file", "all of it");
  EXPECT_EQ(read_file(directory / "file"), "all of it");
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
