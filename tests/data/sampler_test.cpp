#include "data/sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "core/error.h"

namespace actrec {
namespace {

using Indices = std::vector<std::int64_t>;

ClipSettings settings_of(Sampling sampling, int frames, ShortClips short_clips = ShortClips::repeat,
                         int stride = 2) {
  ClipSettings settings;
  settings.sampling = sampling;
  settings.frames = frames;
  settings.short_clips = short_clips;
  settings.stride = stride;
  return settings;
}

Indices evaluate(std::int64_t count, const ClipSettings& settings) {
  return sample_frames(count, settings, nullptr, "wave/a.mp4");
}

Indices train(std::int64_t count, const ClipSettings& settings, std::uint64_t seed) {
  KeyedRandom random(seed, Purpose::sample);
  return sample_frames(count, settings, &random, "wave/a.mp4");
}

TEST(Sampler, SegmentEvaluationTakesCentres) {
  // Segments of 10 frames in 4: [0, 2.5) [2.5, 5) [5, 7.5) [7.5, 10), centres 1.25, 3.75, 6.25, 8.75.
  EXPECT_EQ(evaluate(10, settings_of(Sampling::segment, 4)), (Indices{1, 3, 6, 8}));
  EXPECT_EQ(evaluate(8, settings_of(Sampling::segment, 4)), (Indices{1, 3, 5, 7}));
  EXPECT_EQ(evaluate(9, settings_of(Sampling::segment, 1)), (Indices{4}));
  EXPECT_EQ(evaluate(5, settings_of(Sampling::segment, 5)), (Indices{0, 1, 2, 3, 4}));
  EXPECT_EQ(evaluate(4'000'000'000'000, settings_of(Sampling::segment, 2)),
            (Indices{1'000'000'000'000, 3'000'000'000'000}));
}

TEST(Sampler, SegmentTrainingIsUniformWithinEachSegment) {
  // [0, 2) [2, 5) [5, 7) [7, 10)
  const std::vector<std::int64_t> bounds{0, 2, 5, 7, 10};
  std::vector<std::map<std::int64_t, int>> drawn(4);
  constexpr int kDraws = 6000;
  for (int seed = 0; seed < kDraws; ++seed) {
    const Indices frames = train(10, settings_of(Sampling::segment, 4), static_cast<std::uint64_t>(seed));
    ASSERT_EQ(frames.size(), 4u);
    for (std::size_t i = 0; i < 4; ++i) ++drawn[i][frames[i]];
  }
  for (std::size_t i = 0; i < 4; ++i) {
    const auto length = bounds[i + 1] - bounds[i];
    ASSERT_EQ(drawn[i].size(), static_cast<std::size_t>(length));
    for (const auto& [frame, times] : drawn[i]) {
      EXPECT_GE(frame, bounds[i]);
      EXPECT_LT(frame, bounds[i + 1]);
      // Five standard deviations of the binomial distribution are below 200.
      EXPECT_NEAR(times, kDraws / static_cast<double>(length), 200);
    }
  }
}

TEST(Sampler, SegmentTrainingWithAsManyFramesAsSegmentsTakesAll) {
  EXPECT_EQ(train(6, settings_of(Sampling::segment, 6), 3), (Indices{0, 1, 2, 3, 4, 5}));
}

TEST(Sampler, SegmentShortClips) {
  const Indices repeated{0, 1, 2, 2, 2}, looped{0, 1, 2, 0, 1};
  EXPECT_EQ(evaluate(3, settings_of(Sampling::segment, 5)), repeated);
  EXPECT_EQ(train(3, settings_of(Sampling::segment, 5), 1), repeated);
  EXPECT_EQ(evaluate(3, settings_of(Sampling::segment, 5, ShortClips::loop)), looped);
  EXPECT_EQ(evaluate(1, settings_of(Sampling::segment, 3)), (Indices{0, 0, 0}));
  EXPECT_EQ(evaluate(5, settings_of(Sampling::segment, 5, ShortClips::error)), (Indices{0, 1, 2, 3, 4}));
}

TEST(Sampler, ShortClipErrorNamesClipAndNumbers) {
  for (const Sampling sampling : {Sampling::segment, Sampling::dense}) {
    try {
      evaluate(3, settings_of(sampling, 5, ShortClips::error, 1));
      FAIL() << "no error";
    } catch (const DataError& error) {
      EXPECT_EQ(std::string(error.what()), "clip 'wave/a.mp4' has 3 frames, but 5 are needed");
      EXPECT_NE(error.hint().find("clip.short_clips"), std::string::npos);
    }
  }
}

TEST(Sampler, DenseEvaluationIsCentred) {
  // The window of 4 frames at stride 3 spans 10 frames: of 15, two before it and three after.
  EXPECT_EQ(evaluate(15, settings_of(Sampling::dense, 4, ShortClips::repeat, 3)), (Indices{2, 5, 8, 11}));
  EXPECT_EQ(evaluate(10, settings_of(Sampling::dense, 4, ShortClips::error, 3)), (Indices{0, 3, 6, 9}));
}

TEST(Sampler, DenseTrainingStartsAnywhereThatFits) {
  std::map<std::int64_t, int> starts;
  constexpr int kDraws = 6000;
  for (int seed = 0; seed < kDraws; ++seed) {
    const Indices frames =
        train(15, settings_of(Sampling::dense, 4, ShortClips::repeat, 3), static_cast<std::uint64_t>(seed));
    ++starts[frames[0]];
    for (std::size_t i = 1; i < frames.size(); ++i) ASSERT_EQ(frames[i] - frames[i - 1], 3);
    ASSERT_LT(frames.back(), 15);
  }
  ASSERT_EQ(starts.size(), 6u);
  for (const auto& [start, times] : starts) EXPECT_NEAR(times, kDraws / 6.0, 150) << start;
}

TEST(Sampler, DenseShortClips) {
  EXPECT_EQ(evaluate(8, settings_of(Sampling::dense, 5, ShortClips::repeat, 3)), (Indices{0, 3, 6, 7, 7}));
  EXPECT_EQ(evaluate(8, settings_of(Sampling::dense, 5, ShortClips::loop, 3)), (Indices{0, 3, 6, 1, 4}));
  EXPECT_EQ(train(8, settings_of(Sampling::dense, 5, ShortClips::repeat, 3), 7), (Indices{0, 3, 6, 7, 7}));
  EXPECT_THROW(evaluate(12, settings_of(Sampling::dense, 5, ShortClips::error, 3)), DataError);
}

TEST(Sampler, AllTakesEveryFrameOnce) {
  Indices expected(37);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(evaluate(37, settings_of(Sampling::all, 16)), expected);
  EXPECT_EQ(evaluate(1, settings_of(Sampling::all, 16, ShortClips::error)), (Indices{0}));
}

TEST(Sampler, IsAPureFunctionOfTheKey) {
  for (const Sampling sampling : {Sampling::segment, Sampling::dense}) {
    const ClipSettings settings = settings_of(sampling, 8);
    EXPECT_EQ(train(200, settings, 5), train(200, settings, 5));
    EXPECT_NE(train(200, settings, 5), train(200, settings, 6));
  }
}

TEST(Sampler, IndicesAreValidAndSortedForAnyLength) {
  for (std::int64_t count = 1; count <= 40; ++count) {
    for (int frames = 1; frames <= 20; ++frames) {
      for (const Sampling sampling : {Sampling::segment, Sampling::dense}) {
        for (const bool training : {false, true}) {
          const ClipSettings settings = settings_of(sampling, frames);
          const Indices indices = training ? train(count, settings, 11) : evaluate(count, settings);
          ASSERT_EQ(indices.size(), static_cast<std::size_t>(frames));
          ASSERT_TRUE(std::is_sorted(indices.begin(), indices.end()));
          ASSERT_GE(indices.front(), 0);
          ASSERT_LT(indices.back(), count);
        }
      }
    }
  }
}

Indices temporal_clip(int index, int count, std::int64_t frames, const ClipSettings& settings) {
  return sample_temporal_clip(frames, settings, {index, count}, "wave/a.mp4");
}

TEST(Sampler, TemporalClipsOfSegmentsTakeTheCentresOfTheirParts) {
  // Segments of 24 frames in 2: [0, 12) [12, 24), in parts of 4 frames.
  const ClipSettings two = settings_of(Sampling::segment, 2);
  EXPECT_EQ(temporal_clip(0, 3, 24, two), (Indices{2, 14}));
  EXPECT_EQ(temporal_clip(1, 3, 24, two), (Indices{6, 18}));
  EXPECT_EQ(temporal_clip(2, 3, 24, two), (Indices{10, 22}));
  // 8 parts of 1.25 frames: centres 0.625, 1.875, 3.125, 4.375, 5.625, 6.875, 8.125, 9.375.
  const ClipSettings four = settings_of(Sampling::segment, 4);
  EXPECT_EQ(temporal_clip(0, 2, 10, four), (Indices{0, 3, 5, 8}));
  EXPECT_EQ(temporal_clip(1, 2, 10, four), (Indices{1, 4, 6, 9}));
  EXPECT_EQ(temporal_clip(1, 2, 3, settings_of(Sampling::segment, 5)), (Indices{0, 1, 2, 2, 2}));
  EXPECT_EQ(temporal_clip(99, 100, 4'000'000'000'000, two), (Indices{1'990'000'000'000, 3'990'000'000'000}));
}

TEST(Sampler, TemporalClipsOfDenseSamplingAreWindowsThatStartEvenlySpread) {
  // Windows of 10 frames, of 15: they may start at frames 0 to 5.
  const ClipSettings settings = settings_of(Sampling::dense, 4, ShortClips::repeat, 3);
  EXPECT_EQ(temporal_clip(0, 2, 15, settings), (Indices{1, 4, 7, 10}));   // 1.25
  EXPECT_EQ(temporal_clip(1, 2, 15, settings), (Indices{3, 6, 9, 12}));   // 3.75
  EXPECT_EQ(temporal_clip(0, 3, 15, settings), (Indices{0, 3, 6, 9}));    // 0.83
  EXPECT_EQ(temporal_clip(1, 3, 15, settings), (Indices{2, 5, 8, 11}));   // 2.5
  EXPECT_EQ(temporal_clip(2, 3, 15, settings), (Indices{4, 7, 10, 13}));  // 4.17
  // Too few frames: there is only one window.
  for (int i = 0; i < 3; ++i) EXPECT_EQ(temporal_clip(i, 3, 8, settings), (Indices{0, 3, 6, 7})) << i;
  EXPECT_THROW(temporal_clip(1, 3, 9, settings_of(Sampling::dense, 4, ShortClips::error, 3)), DataError);
}

TEST(Sampler, TheOnlyTemporalClipIsPlainEvaluation) {
  for (const Sampling sampling : {Sampling::segment, Sampling::dense, Sampling::all}) {
    const ClipSettings settings = settings_of(sampling, 8);
    for (std::int64_t frames = 1; frames <= 60; ++frames)
      ASSERT_EQ(temporal_clip(0, 1, frames, settings), evaluate(frames, settings));
  }
  EXPECT_EQ(temporal_clip(2, 3, 5, settings_of(Sampling::all, 4)), (Indices{0, 1, 2, 3, 4}));
}

TEST(Sampler, NoFramesIsAnError) { EXPECT_THROW(evaluate(0, settings_of(Sampling::all, 4)), DataError); }

}  // namespace
}  // namespace actrec
