#include "demo/actions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace actrec {
namespace {

TEST(Actions, PartnersShareTheMovementAndRunOppositeWays) {
  for (std::size_t i = 0; i < kActions.size(); i += 2) {
    EXPECT_EQ(kActions[i].movement, kActions[i + 1].movement);
    EXPECT_TRUE(kActions[i].forwards);
    EXPECT_FALSE(kActions[i + 1].forwards);
  }
}

TEST(Timing, RunsFromOneEndToTheOtherWithoutTurningBack) {
  for (std::uint32_t draw = 0; draw < 200; ++draw) {
    KeyedRandom random(3, Purpose::demo, draw);
    const Timing timing(random);
    ASSERT_GE(timing.frames(), 32);
    ASSERT_LE(timing.frames(), 48);
    EXPECT_EQ(timing.phase(0, true), 0.0);
    EXPECT_EQ(timing.phase(timing.frames() - 1, true), 1.0);
    for (int t = 1; t < timing.frames(); ++t) {
      EXPECT_GE(timing.phase(t, true), timing.phase(t - 1, true));
      EXPECT_DOUBLE_EQ(timing.phase(t, false), 1 - timing.phase(t, true));
    }
  }
}

// What a model that forgets the order could use: the phases a clip shows, and when the movement is fast.
TEST(Timing, BothDirectionsShowTheSamePhasesEquallyOften) {
  constexpr std::uint32_t kDraws = 4000;
  std::vector<double> phases[2];
  double late[2] = {0, 0};  // frames spent in the upper half of the phase, as a share of the clip
  for (int direction = 0; direction < 2; ++direction) {
    for (std::uint32_t draw = 0; draw < kDraws; ++draw) {
      KeyedRandom random(5, Purpose::demo, draw, static_cast<std::uint64_t>(direction));
      const Timing timing(random);
      int upper = 0;
      for (int t = 0; t < timing.frames(); ++t) {
        phases[direction].push_back(timing.phase(t, direction == 0));
        upper += phases[direction].back() > 0.5 ? 1 : 0;
      }
      late[direction] += static_cast<double>(upper) / timing.frames() / kDraws;
    }
    std::sort(phases[direction].begin(), phases[direction].end());
  }
  // One clip's share varies by about 0.14, so the mean of 4000 by 0.002.
  EXPECT_NEAR(late[0], 0.5, 0.01);
  EXPECT_NEAR(late[1], 0.5, 0.01);
  for (double level = 0.05; level < 1; level += 0.05) {
    double share[2];
    for (int direction = 0; direction < 2; ++direction) {
      const auto& all = phases[direction];
      const auto below = std::lower_bound(all.begin(), all.end(), level) - all.begin();
      share[direction] = static_cast<double>(below) / static_cast<double>(all.size());
    }
    EXPECT_NEAR(share[0], share[1], 0.015) << "phase below " << level;
  }
}

TEST(Performance, PosesAtTheTwoEndsAreTheActionsEnds) {
  KeyedRandom random(1, Purpose::demo);
  const Body body;
  for (int draw = 0; draw < 20; ++draw) {
    const Performance arm(Movement::raise_arm, body, random);
    const auto highest = [&](double phase) {
      const Pose pose = arm.pose(phase);
      return std::max(pose.hand[0].y, pose.hand[1].y);
    };
    EXPECT_LT(highest(0), -0.8);  // hangs, arm lengths below the shoulder
    EXPECT_GT(highest(1), 0.5);   // above the shoulder

    const Performance walk(Movement::step, body, random);
    EXPECT_LT(walk.pose(0).pelvis.x, -0.2);
    EXPECT_GT(walk.pose(1).pelvis.x, 0.2);
    EXPECT_NEAR(walk.pose(0).pelvis.x, -walk.pose(1).pelvis.x, 1e-9);

    const Performance rise(Movement::stand_up, body, random);
    EXPECT_LT(rise.pose(0).pelvis.y, rise.pose(1).pelvis.y - 0.1);
    EXPECT_NEAR(rise.pose(0).pelvis.z, rise.chair().centre_z, 0.15);

    const Performance spin(Movement::turn, body, random);
    EXPECT_LT(spin.pose(0).yaw, -0.7);
    EXPECT_GT(spin.pose(1).yaw, 0.7);
  }
}

}  // namespace
}  // namespace actrec
