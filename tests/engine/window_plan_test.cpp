#include "engine/window_plan.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "core/error.h"
#include "data/sampler.h"

namespace actrec {
namespace {

ClipSettings segments(int frames) {
  ClipSettings clip;
  clip.frames = frames;
  return clip;
}

struct Walked {
  std::vector<Window> windows;
  std::set<std::int64_t> seen;
};

// Goes through a video of constant frame rate.
Walked walk(WindowPlan plan, std::int64_t frames, double rate) {
  Walked walked;
  const auto take = [&](std::vector<Window> windows) {
    walked.windows.insert(walked.windows.end(), windows.begin(), windows.end());
  };
  for (std::int64_t i = 0; i < frames; ++i) {
    if (plan.add(i, static_cast<double>(i) / rate, static_cast<double>(i + 1) / rate)) walked.seen.insert(i);
    take(plan.take_complete());
    EXPECT_LE(plan.oldest_needed(), i + 1);
  }
  take(plan.finish(static_cast<double>(frames) / rate));
  return walked;
}

TEST(WindowPlan, AWindowAsLongAsTheClipSeesWhatEvaluationSees) {
  for (const Sampling sampling : {Sampling::segment, Sampling::dense, Sampling::all}) {
    for (const std::int64_t frames : {3, 7, 16, 61, 90, 157, 160}) {
      for (const double rate : {25.0, 30.0, 30000 / 1001.0}) {
        ClipSettings clip = segments(8);
        clip.sampling = sampling;
        const double length = static_cast<double>(frames) / rate;
        const Walked walked = walk(WindowPlan(clip, rate, length, 0), frames, rate);
        ASSERT_EQ(walked.windows.size(), 1u) << frames;
        EXPECT_EQ(walked.windows[0].frames, sample_frames(frames, clip, nullptr, "clip")) << frames;
        EXPECT_EQ(walked.windows[0].begin_seconds, 0);
        EXPECT_NEAR(walked.windows[0].end_seconds, length, 1e-9);
      }
    }
  }
}

TEST(WindowPlan, OverlappingWindowsShareTheirFrames) {
  // 5.625 frames a segment: windows that were cut out one by one would hardly share any.
  const WindowPlan plan(segments(16), 30, 3, 0.3);
  EXPECT_NEAR(plan.stride_seconds(), 0.28125, 1e-9);  // one and a half segments
  const Walked walked = walk(plan, 1800, 30);
  EXPECT_EQ(walked.windows.size(), 203u);              // (60 - 3) / 0.28125 + 1
  EXPECT_LE(walked.seen.size(), 2 * 60 * 16 / 3 + 1);  // two in each segment
  const Walked half = walk(WindowPlan(segments(16), 30, 3, 1.5), 1800, 30);
  EXPECT_EQ(half.windows.size(), 39u);
  EXPECT_EQ(half.seen.size(), 60 * 16 / 3);  // one in each segment
}

TEST(WindowPlan, EveryFrameIsSeenAtMostOnceWhateverTheOverlap) {
  ClipSettings all = segments(16);
  all.sampling = Sampling::all;
  const Walked walked = walk(WindowPlan(all, 30, 2, 0.2), 600, 30);
  EXPECT_EQ(walked.seen.size(), 600u);
  EXPECT_EQ(walked.windows.size(), 91u);  // (600 - 60) / 6 + 1
  EXPECT_EQ(walked.windows[1].frames.front(), 6);
  EXPECT_EQ(walked.windows[1].frames.size(), 60u);
}

TEST(WindowPlan, TakesTheFramesThatAreShownWhereTheRateVaries) {
  // Frames at 0, 0.1, 0.5 (shown for long) and 0.9 s; the points of a window of 1 s are at 0.125, 0.375, ...
  WindowPlan plan(segments(4), 10, 1, 1);
  const double times[] = {0, 0.1, 0.5, 0.9, 1.0};
  for (int i = 0; i < 4; ++i) plan.add(i, times[i], times[i + 1]);
  const std::vector<Window> windows = plan.finish(1.0);
  ASSERT_EQ(windows.size(), 1u);
  EXPECT_EQ(windows[0].frames, (std::vector<std::int64_t>{1, 1, 2, 2}));
}

TEST(WindowPlan, ToleratesTimesRoundedToMilliseconds) {
  const ClipSettings clip = segments(15);
  WindowPlan plan(clip, 30, 3, 3);
  const auto rounded = [](int i) { return std::round(i * 1000 / 30.0) / 1000; };
  for (int i = 0; i < 90; ++i) plan.add(i, rounded(i), rounded(i + 1));
  const std::vector<Window> windows = plan.finish(3);
  ASSERT_EQ(windows.size(), 1u);
  EXPECT_EQ(windows[0].frames, sample_frames(90, clip, nullptr, "clip"));
}

TEST(WindowPlan, UsesTheRestOfAVideoOnlyWhereItIsLong) {
  const auto windows = [](std::int64_t frames) {
    return walk(WindowPlan(segments(4), 10, 2, 2), frames, 10).windows;
  };
  EXPECT_EQ(windows(20).size(), 1u);
  EXPECT_EQ(windows(29).size(), 1u);
  const std::vector<Window> rest = windows(35);
  ASSERT_EQ(rest.size(), 2u);
  EXPECT_EQ(rest[1].frames, (std::vector<std::int64_t>{22, 27, 32}));
  EXPECT_EQ(rest[1].end_seconds, 3.5);
  EXPECT_TRUE(windows(19).empty());  // shorter than a window
}

TEST(WindowPlan, ShortWindowsFollowTheRuleForShortClips) {
  ClipSettings clip = segments(6);
  clip.short_clips = ShortClips::loop;
  const Walked walked = walk(WindowPlan(clip, 10, 0.4, 0.4), 8, 10);
  ASSERT_EQ(walked.windows.size(), 2u);
  EXPECT_EQ(walked.windows[1].frames, (std::vector<std::int64_t>{4, 5, 6, 7, 4, 5}));
  clip.short_clips = ShortClips::error;
  EXPECT_THROW(WindowPlan(clip, 10, 0.4, 0.4), DataError);
}

}  // namespace
}  // namespace actrec
