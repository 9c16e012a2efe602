#include "core/directory_lock.h"

#include <gtest/gtest.h>

#include <optional>

#include "core/error.h"
#include "temporary_directory.h"

namespace actrec {
namespace {

TEST(DirectoryLock, LetsOneInAtATime) {
  const TemporaryDirectory directory;
  std::optional<DirectoryLock> first(directory.path());
  EXPECT_THROW(DirectoryLock(directory.path()), ConfigError);
  first.reset();
  EXPECT_NO_THROW(DirectoryLock(directory.path()));
}

TEST(DirectoryLock, SaysWhetherAnotherHoldsIt) {
  const TemporaryDirectory directory;
  auto first = DirectoryLock::try_lock(directory.path());
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(DirectoryLock::try_lock(directory.path()), nullptr);
  first.reset();
  EXPECT_NE(DirectoryLock::try_lock(directory.path()), nullptr);
  EXPECT_THROW(DirectoryLock::try_lock("/nonexistent/directory"), Error);
}

TEST(DirectoryLock, AMissingDirectoryIsAnError) {
  EXPECT_THROW(DirectoryLock("/nonexistent/directory"), Error);
}

}  // namespace
}  // namespace actrec
