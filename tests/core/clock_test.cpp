#include "core/clock.h"

#include <gtest/gtest.h>

namespace actrec {
namespace {

Clock::time_point at(double seconds) {
  return Clock::time_point(
      std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds)));
}

TEST(TimeLimit, IsOverAfterItsTime) {
  TimeLimit limit(10);
  limit.restart(at(100));
  for (const double now : {103.0, 106.0, 109.0}) EXPECT_FALSE(limit.is_over(at(now))) << now;
  EXPECT_TRUE(limit.is_over(at(111)));
  EXPECT_TRUE(limit.is_over(at(111)));
  limit.restart(at(111));
  EXPECT_FALSE(limit.is_over(at(112)));
}

TEST(TimeLimit, DoesNotRunWhileTheProcessIsStopped) {
  TimeLimit limit(10);
  limit.restart(at(0));
  EXPECT_FALSE(limit.is_over(at(1)));
  EXPECT_FALSE(limit.is_over(at(40000)));  // counts as five seconds
  EXPECT_FALSE(limit.is_over(at(40003)));
  EXPECT_TRUE(limit.is_over(at(40005)));
}

}  // namespace
}  // namespace actrec
