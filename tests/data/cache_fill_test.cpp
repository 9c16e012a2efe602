#include "data/cache_fill.h"

#include <gtest/gtest.h>

#include "data/frame_cache.h"
#include "frame_folders.h"
#include "hanging_file.h"
#include "temporary_directory.h"

namespace actrec {
namespace {

constexpr double kTimeout = 60;

class CacheFillTest : public ::testing::Test {
 protected:
  CacheFillTest() : settings_(tiny_settings()), clips_(moving_square_clips(directory_.path(), "clip", 4)) {
    settings_.data.cache = CacheMode::raw;
    settings_.data.cache_dir = directory_ / "cache";
  }

  TemporaryDirectory directory_;
  Settings settings_;
  std::vector<ClipRef> clips_;  // 8
};

TEST_F(CacheFillTest, StoresEveryClipAndSaysWhatTheyTake) {
  std::vector<std::int64_t> done;
  const CacheFill fill = fill_cache(clips_, make_pipeline(settings_, CacheUse::fill), 3, kTimeout,
                                    [&](std::int64_t now, std::uint64_t) { done.push_back(now); });
  EXPECT_EQ(fill.cached, 8);
  EXPECT_EQ(fill.bytes, bytes_in_cache(directory_ / "cache"));
  EXPECT_TRUE(fill.errors.empty());
  EXPECT_EQ(done, (std::vector<std::int64_t>{1, 2, 3, 4, 5, 6, 7, 8}));
}

TEST_F(CacheFillTest, NamesEveryClipThatCannotBeReadAndStoresTheRest) {
  for (const std::size_t i : {2u, 5u}) std::filesystem::remove_all(clips_[i].path);
  const CacheFill fill = fill_cache(clips_, make_pipeline(settings_, CacheUse::fill), 2, kTimeout);
  EXPECT_EQ(fill.cached, 6);
  ASSERT_EQ(fill.errors.size(), 2u);
  EXPECT_NE(fill.errors[0].find(clips_[2].name), std::string::npos);
  EXPECT_NE(fill.errors[1].find(clips_[5].name), std::string::npos);
}

TEST_F(CacheFillTest, AClipThatHangsIsOneThatCannotBeRead) {
  const testing::HangingFile hanging(clips_[3].path / "0002.png");
  if (!hanging.hangs()) GTEST_SKIP() << "no leases on this file system";
  const CacheFill fill = fill_cache(clips_, make_pipeline(settings_, CacheUse::fill), 2, 3);
  EXPECT_EQ(fill.cached, 7);
  ASSERT_EQ(fill.errors.size(), 1u);
  EXPECT_NE(fill.errors[0].find("has not been read within"), std::string::npos) << fill.errors[0];
  EXPECT_NE(fill.errors[0].find(clips_[3].name), std::string::npos) << fill.errors[0];
}

TEST_F(CacheFillTest, CountsOnlyWhatFoundRoom) {
  settings_.data.cache_gb = 20e-6;  // a few clips of 6 to 8 kB
  const CacheFill fill = fill_cache(clips_, make_pipeline(settings_, CacheUse::fill), 1, kTimeout);
  EXPECT_GT(fill.cached, 0);
  EXPECT_LT(fill.cached, 8);
  EXPECT_LE(fill.bytes, 20'000u);
}

}  // namespace
}  // namespace actrec
