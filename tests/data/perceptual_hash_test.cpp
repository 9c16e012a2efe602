#include "data/perceptual_hash.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "data/clip_facts.h"
#include "video_fixtures.h"

namespace actrec {
namespace {

using namespace actrec::testing;

const auto* const kQuiet = ::testing::AddGlobalTestEnvironment(new QuietLibraries);

PerceptualHash hash_of(const fs::path& video) {
  const auto facts = inspect_video(video, {clip_of(video)}, {});
  EXPECT_EQ(facts[0].problem, "");
  return facts[0].look.value_or(PerceptualHash());
}

std::vector<fs::path> videos_in(const fs::path& folder) {
  std::vector<fs::path> videos;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (has_video_extension(entry.path())) videos.push_back(entry.path());
  }
  std::sort(videos.begin(), videos.end());
  return videos;
}

// Different clips of a set, many of one recording, never look alike; copies of every `step`-th do.
void expect_only_copies_look_alike(const fs::path& folder, std::size_t step) {
  REQUIRE_SHARED(folder);
  REQUIRE_FFMPEG();
  const std::vector<fs::path> videos = videos_in(folder);
  std::vector<PerceptualHash> hashes;
  for (const fs::path& video : videos) hashes.push_back(hash_of(video));
  std::vector<LookAlike> looks, mirrored;
  for (const PerceptualHash& hash : hashes) {
    looks.emplace_back(hash);
    mirrored.emplace_back(hash.mirrored());
  }
  for (std::size_t i = 0; i < looks.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      EXPECT_FALSE(looks[i].is_near_duplicate(looks[j])) << videos[i] << videos[j];
      EXPECT_FALSE(looks[i].is_near_duplicate(mirrored[j])) << videos[i] << videos[j];
    }
  }
  const TempDir directory;
  for (std::size_t i = 0; i < videos.size(); i += step) {
    SCOPED_TRACE(videos[i]);
    const auto copy = [&](const std::string& name, const std::string& filter, const std::string& codec) {
      const fs::path file = directory / (std::to_string(i) + name);
      EXPECT_TRUE(
          run_ffmpeg("-i " + quoted(videos[i]) + " -vf " + filter + " " + codec + " " + quoted(file)));
      return LookAlike(hash_of(file));
    };
    const std::string smaller = "'scale=trunc(iw*0.3)*2:trunc(ih*0.3)*2'";
    EXPECT_TRUE(looks[i].is_near_duplicate(copy("small.mp4", smaller, "-c:v libx264 -crf 35")));
    EXPECT_TRUE(looks[i].is_near_duplicate(
        copy("bright.avi", "eq=brightness=0.1:contrast=1.2,scale=240:180", "-c:v mpeg4 -q:v 8")));
    EXPECT_TRUE(
        mirrored[i].is_near_duplicate(copy("mirror.mp4", "hflip," + smaller, "-c:v libx264 -crf 30")));
    EXPECT_TRUE(looks[i].is_near_duplicate(copy("slow.mp4", "scale=160:120", "-r 15 -c:v libx264 -crf 28")));
  }
}

TEST(PerceptualHash, FindsCopiesOfInteractionsAndNothingElse) {
  expect_only_copies_look_alike(shared_data() / "ut-interaction-set1/clips", 15);
}

TEST(PerceptualHash, FindsCopiesOfDrawnSkeletonsAndNothingElse) {
  expect_only_copies_look_alike(shared_data() / "gesture-pairs/clips", 41);
}

cv::Mat grey(int level) { return cv::Mat(60, 80, CV_8UC3, cv::Scalar::all(level)); }

// A square that moves from left to right over a fixed picture.
std::vector<cv::Mat> moving(int frames, bool backwards = false) {
  std::vector<cv::Mat> clip;
  for (int i = 0; i < frames; ++i) {
    cv::Mat frame = grey(80);
    cv::rectangle(frame, {0, 40, 80, 20}, cv::Scalar::all(200), cv::FILLED);
    cv::rectangle(frame, {70 * i / (frames - 1), 10, 10, 20}, cv::Scalar::all(255), cv::FILLED);
    clip.push_back(frame);
  }
  if (backwards) std::reverse(clip.begin(), clip.end());
  return clip;
}

PerceptualHash hash_of(const std::vector<cv::Mat>& frames) {
  PerceptualHasher hasher;
  for (const cv::Mat& frame : frames) hasher.add(frame);
  return hasher.hash().value();
}

TEST(PerceptualHash, MotionCountsNotOnlyTheScene) {
  const LookAlike forwards(hash_of(moving(60))), slower(hash_of(moving(90))),
      backwards(hash_of(moving(60, true)));
  EXPECT_TRUE(forwards.is_near_duplicate(slower));
  EXPECT_GT(forwards.scene_correlation(backwards), 0.99);
  EXPECT_FALSE(forwards.is_near_duplicate(backwards));
  // The picture is the same on both sides, so backwards is also what a mirror shows.
  EXPECT_TRUE(forwards.is_near_duplicate(LookAlike(hash_of(moving(60, true)).mirrored())));
}

TEST(PerceptualHash, TellsStillPicturesByTheirScene) {
  cv::Mat picture = grey(50), other = grey(50);
  cv::circle(picture, {20, 20}, 15, cv::Scalar::all(250), cv::FILLED);
  cv::circle(other, {55, 40}, 15, cv::Scalar::all(250), cv::FILLED);
  const LookAlike still(hash_of(std::vector<cv::Mat>(10, picture)));
  EXPECT_TRUE(still.is_near_duplicate(LookAlike(hash_of(std::vector<cv::Mat>(7, picture)))));
  EXPECT_FALSE(still.is_near_duplicate(LookAlike(hash_of(std::vector<cv::Mat>(10, other)))));
}

TEST(PerceptualHash, BlankClipsAreLikeNothing) {
  const LookAlike black(hash_of(std::vector<cv::Mat>(5, grey(0)))),
      white(hash_of(std::vector<cv::Mat>(5, grey(255))));
  EXPECT_FALSE(black.is_near_duplicate(white));
  EXPECT_FALSE(black.is_near_duplicate(black));
}

TEST(PerceptualHash, ComesBackFromItsText) {
  const PerceptualHash hash = hash_of(moving(20));
  EXPECT_EQ(hash.hex().size(), 1200u);
  EXPECT_EQ(PerceptualHash::parse(hash.hex())->values, hash.values);
  EXPECT_EQ(hash.mirrored().mirrored().values, hash.values);
  EXPECT_FALSE(PerceptualHash::parse("").has_value());
  EXPECT_FALSE(PerceptualHash::parse(std::string(1200, 'x')).has_value());
  EXPECT_FALSE(PerceptualHasher().hash().has_value());
}

}  // namespace
}  // namespace actrec
