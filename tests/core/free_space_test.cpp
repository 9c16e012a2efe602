#include "core/free_space.h"

#include <gtest/gtest.h>
#include <sys/statvfs.h>

#include <vector>

#include "core/system.h"

namespace actrec {
namespace {

TEST(FreeSpace, MemoryIsSomeOfTheMachines) {
  EXPECT_GT(available_memory_bytes(), 0);
  EXPECT_LT(available_memory_bytes(), total_memory_bytes());
}

TEST(FreeSpace, ResidentMemoryGrowsWithWhatIsUsed) {
  constexpr std::size_t kBytes = 64 << 20;
  const double before = resident_bytes();
  const std::vector<char> used(kBytes, 1);
  EXPECT_GT(resident_bytes() - before, 0.9 * kBytes);
  EXPECT_EQ(used.back(), 1);
}

TEST(FreeSpace, DiskIsThatOfTheNearestParent) {
  struct statvfs status = {};
  ASSERT_EQ(::statvfs("/tmp", &status), 0);
  const double expected = static_cast<double>(status.f_bavail) * static_cast<double>(status.f_frsize);
  EXPECT_NEAR(free_disk_bytes("/tmp/not/there/yet"), expected, 1e9);
}

}  // namespace
}  // namespace actrec
