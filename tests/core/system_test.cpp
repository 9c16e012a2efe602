#include "core/system.h"

#include <gtest/gtest.h>

#include <limits>

namespace actrec {
namespace {

TEST(QuotaCores, RoundsUp) {
  EXPECT_EQ(quota_cores("200000 100000"), 2);
  EXPECT_EQ(quota_cores("200001 100000\n"), 3);
  EXPECT_EQ(quota_cores("5000 100000"), 1);
  EXPECT_EQ(quota_cores("9223372036854775807 1"), std::numeric_limits<int>::max());
}

TEST(QuotaCores, KnowsWhereThereIsNone) {
  for (const char* text :
       {"max 100000", "-1 100000", "0 100000", "200000", "200000 0", "", " ", "two cores"}) {
    EXPECT_EQ(quota_cores(text), std::nullopt) << text;
  }
}

TEST(AvailableCores, IsAtLeastOne) { EXPECT_GE(available_cores(), 1); }

}  // namespace
}  // namespace actrec
