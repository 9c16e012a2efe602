#include "data/cache_plan.h"

#include <gtest/gtest.h>

#include "data/frame_cache.h"
#include "video_fixtures.h"

namespace actrec {
namespace {

using namespace actrec::testing;

// Ten clips of 30 frames of 64x48 pixels: 2.76 MB raw.
class CachePlanTest : public ::testing::Test {
 protected:
  CachePlanTest() {
    make_numbered_frames(dir_ / "clip", 30);
    for (int i = 0; i < 10; ++i) clips_.push_back(clip_of(dir_ / "clip", "clip " + std::to_string(i)));
    settings_.data.cache_dir = dir_ / "cache";
  }
  CachePlan plan(double limit_gb) {
    settings_.data.cache_gb = limit_gb;
    return plan_cache(settings_, clips_);
  }

  TempDir dir_;
  std::vector<ClipRef> clips_;
  Settings settings_;
};

TEST_F(CachePlanTest, TakesTheLargestThatFits) {
  EXPECT_EQ(plan(1).mode, CacheMode::raw);
  EXPECT_EQ(plan(0.0035).mode, CacheMode::raw);
  EXPECT_EQ(plan(0.0027).mode, CacheMode::jpeg);
  EXPECT_EQ(plan(0.00001).mode, CacheMode::off);
  EXPECT_EQ(plan(0).mode, CacheMode::off);
}

TEST_F(CachePlanTest, SaysWhatTheSetTakes) {
  const CachePlan chosen = plan(1);
  EXPECT_NE(chosen.reason.find("about 0.0028 GB raw"), std::string::npos) << chosen.reason;
  EXPECT_NE(chosen.reason.find("fits into memory"), std::string::npos) << chosen.reason;
  EXPECT_NE(plan(0.00001).reason.find("data.cache_gb"), std::string::npos);
}

TEST_F(CachePlanTest, CountsOnlyThePartOfTheVideoThatIsTheClip) {
  for (ClipRef& clip : clips_) clip.end_seconds = 0.4;  // 10 of 30 frames, at 25 frames/s
  EXPECT_NE(plan(1).reason.find("about 0.00092 GB raw"), std::string::npos) << plan(1).reason;
}

TEST_F(CachePlanTest, ReducedFramesCountAsTheyWillBeStored) {
  settings_.clip.size = FrameSize(24, 24);
  settings_.clip.decode_size = 24;  // a quarter of the pixels
  EXPECT_NE(plan(1).reason.find("about 0.00069 GB raw"), std::string::npos) << plan(1).reason;
}

TEST_F(CachePlanTest, BrokenClipsAreLeftToOthers) {
  clips_[0].path = dir_ / "missing";
  EXPECT_EQ(plan(1).mode, CacheMode::raw);
  EXPECT_NE(plan(1).reason.find("about 0.0028 GB raw"), std::string::npos) << plan(1).reason;
}

TEST_F(CachePlanTest, FollowsASettingWithoutLookingAtAnyClip) {
  for (ClipRef& clip : clips_) clip.path = dir_ / "missing";
  for (const CacheMode mode : {CacheMode::raw, CacheMode::jpeg, CacheMode::off}) {
    settings_.data.cache = mode;
    EXPECT_EQ(plan(0).mode, mode);
  }
}

}  // namespace
}  // namespace actrec
