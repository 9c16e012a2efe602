#include "data/mirror_classes.h"

#include <gtest/gtest.h>

namespace actrec {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

TEST(MirrorClasses, FindsPairsInEverySpelling) {
  EXPECT_EQ(find_mirror_classes({"SwipeLeft", "SwipeRight", "Wave"}), (Pairs{{"SwipeLeft", "SwipeRight"}}));
  EXPECT_EQ(find_mirror_classes({"step_left", "step_right"}), (Pairs{{"step_left", "step_right"}}));
  EXPECT_EQ(find_mirror_classes({"rotate_ccw", "rotate_cw"}), (Pairs{{"rotate_ccw", "rotate_cw"}}));
  for (const char* counterclockwise :
       {"turn counterclockwise", "turn counter-clockwise", "turn_counter_clockwise", "TurnCounterClockwise",
        "turn anticlockwise", "turn anti-clockwise", "TurnAntiClockwise"}) {
    EXPECT_EQ(find_mirror_classes({"turn clockwise", counterclockwise}).size(), 1u) << counterclockwise;
  }
}

TEST(MirrorClasses, FindsNoneWithoutBothSides) {
  EXPECT_EQ(find_mirror_classes({"swipe_left", "swipe_up", "leftover", "rightover"}), Pairs{});
  EXPECT_EQ(find_mirror_classes({"sit_left", "stand_right"}), Pairs{});
  EXPECT_EQ(find_mirror_classes({"turn anti-clockwise", "turn counter-clockwise"}), Pairs{});
}

}  // namespace
}  // namespace actrec
