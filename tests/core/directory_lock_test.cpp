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

TEST(DirectoryLock, AMissingDirectoryIsAnError) {
  EXPECT_THROW(DirectoryLock("/nonexistent/directory"), Error);
}

}  // namespace
}  // namespace actrec
