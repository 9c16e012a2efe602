#include "demo/clip.h"

#include <gtest/gtest.h>

#include <cmath>
#include <opencv2/imgproc.hpp>

#include "core/worker_pool.h"
#include "demo/actions.h"
#include "demo/scene.h"

namespace actrec {
namespace {

bool equal(const std::vector<cv::Mat>& a, const std::vector<cv::Mat>& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t t = 0; t < a.size(); ++t) {
    if (cv::norm(a[t], b[t], cv::NORM_INF) != 0) return false;
  }
  return true;
}

TEST(RenderClip, FramesHaveTheDocumentedShape) {
  for (int action = 0; action < 8; ++action) {
    const auto frames = render_clip(1, 0, action);
    EXPECT_GE(frames.size(), 32u);
    EXPECT_LE(frames.size(), 48u);
    for (const cv::Mat& frame : frames) {
      ASSERT_EQ(frame.size(), cv::Size(160, 120));
      ASSERT_EQ(frame.type(), CV_8UC3);
    }
  }
}

TEST(RenderClip, IsAPureFunctionOfSeedPerformerAndAction) {
  const auto clip = render_clip(7, 2, 3);
  EXPECT_TRUE(equal(clip, render_clip(7, 2, 3)));
  EXPECT_FALSE(equal(clip, render_clip(8, 2, 3)));
  EXPECT_FALSE(equal(clip, render_clip(7, 1, 3)));
  EXPECT_FALSE(equal(clip, render_clip(7, 2, 2)));
}

TEST(RenderClip, ThreadsDoNotDisturbEachOther) {
  std::vector<std::vector<cv::Mat>> alone, together(6);
  for (int i = 0; i < 6; ++i) alone.push_back(render_clip(1, i, i));
  parallel_for(
      3, 6, [&](std::size_t i) { together[i] = render_clip(1, static_cast<int>(i), static_cast<int>(i)); });
  for (std::size_t i = 0; i < 6; ++i) EXPECT_TRUE(equal(alone[i], together[i])) << i;
}

// A small grey picture without the clip's overall brightness.
cv::Mat summary_of(const cv::Mat& frame) {
  cv::Mat grey, small, result;
  cv::cvtColor(frame, grey, cv::COLOR_BGR2GRAY);
  cv::resize(grey, small, {40, 30}, 0, 0, cv::INTER_AREA);
  small.convertTo(result, CV_64F);
  return result - cv::mean(result)[0];
}

// Pictures of many clips of one class.
struct Sample {
  std::vector<cv::Mat> average;  // over the clip's frames: their order is lost
  std::vector<cv::Mat> early;    // first third, less the average, which takes most of the background away
  std::vector<cv::Mat> change;   // last third less first third
};

Sample draw_sample(int action) {
  constexpr int kClips = 16;
  Sample sample;
  for (int performer = 0; performer < kClips; ++performer) {
    const auto frames = render_clip(11, performer, action);
    const std::size_t third = frames.size() / 3;
    cv::Mat all = cv::Mat::zeros(30, 40, CV_64F), first = all.clone(), last = all.clone();
    for (std::size_t t = 0; t < frames.size(); ++t) {
      const cv::Mat picture = summary_of(frames[t]);
      all += picture / static_cast<double>(frames.size());
      if (t < third) first += picture / static_cast<double>(third);
      if (t >= frames.size() - third) last += picture / static_cast<double>(third);
    }
    sample.average.push_back(all);
    sample.early.push_back(first - all);
    sample.change.push_back(last - first);
  }
  return sample;
}

cv::Mat mean_of(const std::vector<cv::Mat>& pictures) {
  cv::Mat sum = cv::Mat::zeros(pictures[0].size(), CV_64F);
  for (const cv::Mat& picture : pictures) sum += picture;
  return sum / static_cast<double>(pictures.size());
}

cv::Mat variance_of_mean(const std::vector<cv::Mat>& pictures) {
  const cv::Mat mean = mean_of(pictures);
  cv::Mat sum = cv::Mat::zeros(mean.size(), CV_64F);
  for (const cv::Mat& picture : pictures) sum += (picture - mean).mul(picture - mean);
  const double n = static_cast<double>(pictures.size());
  return sum / (n * (n - 1));
}

// The squared difference of two classes' mean pictures against its expectation when both classes are
// distributed alike: about 1 in that case.
double separation(const std::vector<cv::Mat>& a, const std::vector<cv::Mat>& b) {
  const cv::Mat difference = mean_of(a) - mean_of(b);
  return cv::sum(difference.mul(difference))[0] / cv::sum(variance_of_mean(a) + variance_of_mean(b))[0];
}

double correlation(const cv::Mat& a, const cv::Mat& b) { return a.dot(b) / std::sqrt(a.dot(a) * b.dot(b)); }

TEST(RenderClip, OnlyTheOrderOfFramesTellsPartnersApart) {
  std::vector<Sample> samples;
  for (int action = 0; action < 8; ++action) samples.push_back(draw_sample(action));
  for (std::size_t i = 0; i < 8; i += 2) {
    const Sample &a = samples[i], &b = samples[i + 1];
    SCOPED_TRACE(kActions[i].name);
    EXPECT_LT(separation(a.average, b.average), 1.8);
    // The same measure does see a difference where there is one.
    EXPECT_GT(separation(a.early, b.early), 2.5);
    EXPECT_LT(correlation(mean_of(a.change), mean_of(b.change)), -0.6);
  }
}

}  // namespace
}  // namespace actrec
