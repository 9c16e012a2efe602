#include "data/clip_pipeline.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <set>
#include <thread>

#include "core/error.h"
#include "video_fixtures.h"

namespace actrec {
namespace {

using namespace actrec::testing;

using Bytes = std::vector<std::uint8_t>;

ClipSettings clip_settings(int frames = 4, FrameSize size = {28, 28}) {
  ClipSettings settings;
  settings.frames = frames;
  settings.size = size;
  return settings;
}

Bytes load(ClipPipeline& pipeline, const ClipRef& clip) {
  Bytes bytes(static_cast<std::size_t>(pipeline.bytes_per_clip()), 77);
  pipeline.load(clip, bytes.data());
  return bytes;
}

Bytes load_augmented(ClipPipeline& pipeline, const ClipRef& clip, int epoch) {
  Bytes bytes(static_cast<std::size_t>(pipeline.bytes_per_clip()), 77);
  pipeline.load_augmented(clip, epoch, bytes.data());
  return bytes;
}

Bytes load_test_view(ClipPipeline& pipeline, const ClipRef& clip, int number) {
  Bytes bytes(static_cast<std::size_t>(pipeline.bytes_per_clip()), 77);
  pipeline.load_test_view(clip, number, bytes.data());
  return bytes;
}

Bytes all_frames(ClipPipeline& pipeline, const ClipRef& clip) {
  Bytes bytes;
  pipeline.for_each_frame(clip, [&](const std::uint8_t* frame) {
    bytes.insert(bytes.end(), frame, frame + pipeline.bytes_per_frame());
  });
  return bytes;
}

// The number of the frame (see make_numbered_frames) at position t of a clip, from its right edge.
int number_at(const ClipPipeline& pipeline, const Bytes& bytes, int t) {
  const FrameSize size = pipeline.settings().size;
  const auto row_end = static_cast<std::size_t>(t * pipeline.bytes_per_frame()) +
                       static_cast<std::size_t>(3 * (size.height / 2 * size.width + size.width - 1));
  return static_cast<int>(std::lround((bytes[row_end] - level_of(0)) / 4.0));
}

std::vector<int> numbers_of(const ClipPipeline& pipeline, const Bytes& bytes) {
  std::vector<int> numbers;
  for (int t = 0; t * pipeline.bytes_per_frame() < static_cast<std::int64_t>(bytes.size()); ++t) {
    numbers.push_back(number_at(pipeline, bytes, t));
  }
  return numbers;
}

class ClipPipelineTest : public ::testing::Test {
 protected:
  void SetUp() override {
    REQUIRE_FFMPEG();
    ASSERT_TRUE(make_numbered_video(dir_ / "a.mkv", 24));
    clip_ = clip_of(dir_ / "a.mkv", "wave/a.mkv");
  }
  TempDir dir_;
  ClipRef clip_;
};

TEST_F(ClipPipelineTest, LoadsTheSampledFramesInOrder) {
  ClipPipeline pipeline(clip_settings(), {}, 1);
  EXPECT_EQ(pipeline.bytes_per_frame(), 28 * 28 * 3);
  EXPECT_EQ(pipeline.bytes_per_clip(), 4 * 28 * 28 * 3);
  EXPECT_EQ(numbers_of(pipeline, load(pipeline, clip_)), (std::vector<int>{3, 9, 15, 21}));
}

TEST_F(ClipPipelineTest, FramesHaveHeightAndWidthInOrderAndFillTheBuffer) {
  ClipPipeline pipeline(clip_settings(2, {20, 40}), {}, 1);
  const Bytes bytes = load(pipeline, clip_);
  ASSERT_EQ(bytes.size(), 2u * 20 * 40 * 3);
  // The left half is 10 levels darker than the right one (frame 6 is at level 44).
  for (int y = 0; y < 20; ++y) {
    for (int x = 0; x < 40; ++x) {
      if (x == 19 || x == 20) continue;  // blended
      for (int c = 0; c < 3; ++c)
        ASSERT_EQ(bytes[static_cast<std::size_t>((y * 40 + x) * 3 + c)], x < 20 ? 34 : 44);
    }
  }
}

TEST_F(ClipPipelineTest, AFolderOfTheFramesGivesTheSameBytes) {
  make_numbered_frames(dir_ / "folder", 24);
  ClipPipeline pipeline(clip_settings(), {}, 1);
  const ClipRef folder = clip_of(dir_ / "folder", clip_.name);
  EXPECT_EQ(load(pipeline, clip_), load(pipeline, folder));
  EXPECT_EQ(load_augmented(pipeline, clip_, 3), load_augmented(pipeline, folder, 3));
}

TEST_F(ClipPipelineTest, EvaluationDependsOnNeitherSeedNorAugmentation) {
  AugmentSettings strong;
  strong.affine.rotate = {-180, 180};
  strong.border = Border::black;
  AugmentSettings off;
  off.enabled = false;
  for (const Resize resize : {Resize::stretch, Resize::crop, Resize::letterbox}) {
    ClipSettings settings = clip_settings();
    settings.resize = resize;
    ClipPipeline a(settings, strong, 1), b(settings, off, 2);
    EXPECT_EQ(load(a, clip_), load(b, clip_));
  }
}

TEST_F(ClipPipelineTest, TrainingBytesAreAPureFunctionOfSeedEpochAndClip) {
  ClipPipeline pipeline(clip_settings(), {}, 1), other_seed(clip_settings(), {}, 2);
  const Bytes bytes = load_augmented(pipeline, clip_, 0);
  // The first load has measured the clip, the second remembers; other loads in between do not matter.
  EXPECT_NE(load_augmented(pipeline, clip_, 1), bytes);
  EXPECT_EQ(load_augmented(pipeline, clip_, 0), bytes);
  ClipPipeline fresh(clip_settings(), {}, 1);
  EXPECT_EQ(load_augmented(fresh, clip_, 0), bytes);
  EXPECT_NE(load_augmented(other_seed, clip_, 0), bytes);
  ClipRef renamed = clip_;
  renamed.name = "wave/b.mkv";
  EXPECT_NE(load_augmented(pipeline, renamed, 0), bytes);
}

TEST_F(ClipPipelineTest, AWrongHeaderDoesNotShiftTheRandomDraws) {
  // The same frames in an AVI file whose header claims 26: see FrameDecoder's test for the places.
  ASSERT_TRUE(make_numbered_video(dir_ / "right.avi", 24));
  std::string bytes = read_bytes(dir_ / "right.avi");
  bytes[bytes.find("strh") + 8 + 32] = 26;
  bytes[bytes.find("avih") + 8 + 16] = 26;
  write_bytes(dir_ / "wrong.avi", bytes);
  ASSERT_EQ(open_video(dir_ / "wrong.avi")->header().claimed_frames, 26);
  ClipPipeline pipeline(clip_settings(), {}, 1);
  const ClipRef right = clip_of(dir_ / "right.avi", "same"), wrong = clip_of(dir_ / "wrong.avi", "same");
  for (int epoch = 0; epoch < 5; ++epoch) {
    EXPECT_EQ(load_augmented(pipeline, right, epoch), load_augmented(pipeline, wrong, epoch));
  }
}

TEST_F(ClipPipelineTest, TheNumberOfThreadsDoesNotMatter) {
  std::vector<ClipRef> clips;
  for (int i = 0; i < 8; ++i) clips.push_back(clip_of(clip_.path, "clip " + std::to_string(i)));
  ClipPipeline one(clip_settings(), {}, 1), four(clip_settings(), {}, 1);
  std::vector<Bytes> expected, got(clips.size());
  for (const ClipRef& clip : clips) expected.push_back(load_augmented(one, clip, 5));
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (std::size_t i = t; i < clips.size(); i += 4) got[i] = load_augmented(four, clips[i], 5);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(got, expected);
  EXPECT_EQ(std::set<Bytes>(got.begin(), got.end()).size(), clips.size());
}

TEST_F(ClipPipelineTest, OneDrawServesTheClipOrEachFrame) {
  AugmentSettings brightness_only;
  brightness_only.horizontal_flip = 0;
  brightness_only.affine.scale = {1, 1};
  brightness_only.affine.translate = {0, 0};
  brightness_only.affine.rotate = {0, 0};
  brightness_only.color_jitter.brightness = 0.9;
  brightness_only.color_jitter.contrast = brightness_only.color_jitter.saturation = 0;
  ClipSettings settings = clip_settings(3);
  const ClipRef one_frame = [&] {
    make_numbered_frames(dir_ / "single", 1);
    return clip_of(dir_ / "single", "single");
  }();
  const auto distinct_frames = [&](AugmentPer apply) {
    AugmentSettings augment = brightness_only;
    augment.apply = apply;
    ClipPipeline pipeline(settings, augment, 1);
    const Bytes bytes = load_augmented(pipeline, one_frame, 0);
    std::set<int> levels;
    for (int t = 0; t < 3; ++t)
      levels.insert(bytes[static_cast<std::size_t>(t * pipeline.bytes_per_frame())]);
    return levels.size();
  };
  EXPECT_EQ(distinct_frames(AugmentPer::clip), 1u);
  EXPECT_EQ(distinct_frames(AugmentPer::frame), 3u);
}

TEST_F(ClipPipelineTest, PassesOnEveryFrameOfAClipOfAnyLength) {
  ClipSettings settings = clip_settings();
  settings.sampling = Sampling::all;
  ClipPipeline pipeline(settings, {}, 1);
  std::vector<int> expected(24);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(numbers_of(pipeline, all_frames(pipeline, clip_)), expected);
  ClipRef part = clip_;
  part.begin_seconds = 0.4;
  part.end_seconds = 0.48;
  EXPECT_EQ(numbers_of(pipeline, all_frames(pipeline, part)), (std::vector<int>{10, 11}));
  EXPECT_THROW(load(pipeline, clip_), ConfigError);
  EXPECT_THROW(load_augmented(pipeline, clip_, 0), ConfigError);

  ClipPipeline sampled(clip_settings(), {}, 1);
  EXPECT_EQ(all_frames(sampled, clip_), load(sampled, clip_));
}

TEST_F(ClipPipelineTest, MotionImagesShowHowBrightnessChanges) {
  ClipSettings settings = clip_settings();
  settings.motion = MotionInput::difference;
  ClipPipeline pipeline(settings, {}, 1);
  const Bytes bytes = load(pipeline, clip_);
  // Frames 3, 9, 15 and 21 of 24, each 4 levels brighter than the one before it; two frames lie between
  // neighbours.
  EXPECT_TRUE(std::all_of(bytes.begin(), bytes.begin() + 3 * pipeline.bytes_per_frame(),
                          [](std::uint8_t value) { return value == 128 + 2 * 8; }));
  EXPECT_EQ(bytes.back(), 128 + 2 * 4) << "frame 24 is not there, so that 23 takes its place";
  settings.sampling = Sampling::all;
  ClipPipeline every(settings, {}, 1);
  const Bytes all = all_frames(every, clip_);
  settings.sampling = Sampling::segment;
  settings.frames = 24;
  ClipPipeline as_many(settings, {}, 1);
  EXPECT_EQ(all, load(as_many, clip_));
  ClipRef part = clip_;
  part.begin_seconds = 0.4;
  part.end_seconds = 0.48;  // two frames
  settings.frames = 2;
  ClipPipeline two(settings, {}, 1);
  EXPECT_EQ(all_frames(every, part), load(two, part));
}

TEST_F(ClipPipelineTest, TestViewsArePlainMirroredAndAugmented) {
  for (const MotionInput motion : {MotionInput::none, MotionInput::difference}) {
    ClipSettings settings = clip_settings();
    settings.motion = motion;
    ClipPipeline pipeline(settings, {}, 1);
    const auto view = [&](ClipPipeline& from, int number) { return load_test_view(from, clip_, number); };
    Bytes plain = view(pipeline, 0), mirrored = view(pipeline, 1);
    EXPECT_EQ(plain, load(pipeline, clip_));
    const cv::Mat frames(4 * 28, 28, CV_8UC3, plain.data()), mirror(4 * 28, 28, CV_8UC3, mirrored.data());
    cv::Mat expected;
    cv::flip(frames, expected, 1);
    EXPECT_EQ(cv::norm(expected, mirror, cv::NORM_INF), 0);
    EXPECT_NE(view(pipeline, 2), plain);
    EXPECT_NE(view(pipeline, 2), view(pipeline, 3));
    EXPECT_NE(view(pipeline, 2), load_augmented(pipeline, clip_, 2)) << "not one that training has seen";
    EXPECT_EQ(view(pipeline, 2), view(pipeline, 2));

    AugmentSettings unflipped;
    unflipped.horizontal_flip = 0;
    ClipPipeline never_mirrors(settings, unflipped, 1);
    EXPECT_NE(view(never_mirrors, 1), mirrored);
  }
}

TEST_F(ClipPipelineTest, EveryTemporalClipIsShownInEveryView) {
  // 8 parts of 3 frames: centres 1, 4, 7, 10, 13, 16, 19, 22.
  const std::vector<std::vector<int>> frames{{1, 7, 13, 19}, {4, 10, 16, 22}};
  AugmentSettings augment;
  augment.test_clips = 2;
  augment.test_views = 2;
  ClipPipeline pipeline(clip_settings(), augment, 1);
  ASSERT_EQ(pipeline.test_views(), 4);
  for (int temporal_clip = 0; temporal_clip < 2; ++temporal_clip) {
    Bytes plain = load_test_view(pipeline, clip_, temporal_clip);
    EXPECT_EQ(numbers_of(pipeline, plain), frames[static_cast<std::size_t>(temporal_clip)]);
    Bytes mirrored = load_test_view(pipeline, clip_, 2 + temporal_clip);
    cv::Mat expected;
    cv::flip(cv::Mat(4 * 28, 28, CV_8UC3, plain.data()), expected, 1);
    EXPECT_EQ(cv::norm(expected, cv::Mat(4 * 28, 28, CV_8UC3, mirrored.data()), cv::NORM_INF), 0);
  }
  EXPECT_EQ(numbers_of(pipeline, load(pipeline, clip_)), (std::vector<int>{3, 9, 15, 21}))
      << "plain evaluation stays what it is";

  // Augmented views of several temporal clips take these clips' frames. Here they change no pixel.
  augment.enabled = false;
  ClipPipeline unchanged(clip_settings(), augment, 1);
  for (int temporal_clip = 0; temporal_clip < 2; ++temporal_clip) {
    EXPECT_EQ(load_test_view(unchanged, clip_, 2 + temporal_clip),
              load_test_view(unchanged, clip_, temporal_clip));
  }
}

TEST_F(ClipPipelineTest, AllTestViewsAtOnceAreThoseOneByOne) {
  for (const int test_clips : {1, 3}) {
    for (const AugmentPer apply : {AugmentPer::clip, AugmentPer::frame}) {
      for (const double flip : {0.0, 0.5}) {
        for (const MotionInput motion : {MotionInput::none, MotionInput::difference}) {
          ClipSettings settings = clip_settings();
          settings.motion = motion;
          AugmentSettings augment;
          augment.apply = apply;
          augment.horizontal_flip = flip;
          augment.test_views = 3;
          augment.test_clips = test_clips;
          ClipPipeline pipeline(settings, augment, 1);
          const int count = pipeline.test_views();
          Bytes together(static_cast<std::size_t>(count * pipeline.bytes_per_clip())), single;
          pipeline.load_test_views(clip_, together.data());
          for (int number = 0; number < count; ++number) {
            const Bytes one = load_test_view(pipeline, clip_, number);
            single.insert(single.end(), one.begin(), one.end());
          }
          EXPECT_EQ(together, single);
        }
      }
    }
  }
}

TEST_F(ClipPipelineTest, CountsWhatItDecodes) {
  ClipPipeline pipeline(clip_settings(), AugmentSettings(), 1);
  load(pipeline, clip_);
  const DecodedAmount once = pipeline.decoded();
  EXPECT_GT(once.frames, 4);
  EXPECT_NEAR(once.seconds, static_cast<double>(once.frames - 1) / 25, 1e-6);
}

TEST_F(ClipPipelineTest, ErrorsNameTheClip) {
  ClipSettings settings = clip_settings(30);
  settings.short_clips = ShortClips::error;
  ClipPipeline pipeline(settings, {}, 1);
  for (const ClipRef& clip : {clip_, clip_of(dir_ / "missing.mkv", "wave/a.mkv")}) {
    try {
      load(pipeline, clip);
      ADD_FAILURE() << "no error";
    } catch (const DataError& error) {
      EXPECT_NE(std::string(error.what()).find("wave/a.mkv"), std::string::npos) << error.what();
    }
  }
}

TEST_F(ClipPipelineTest, DecodeSizeIsEightSeventhsOfTheInput) {
  fs::create_directory(dir_ / "noise");
  cv::Mat noise(256, 256, CV_8UC3);
  cv::theRNG().state = 1;
  cv::randu(noise, 0, 256);
  cv::imwrite((dir_ / "noise/1.png").string(), noise);
  const ClipRef clip = clip_of(dir_ / "noise");
  const auto bytes_with = [&](int decode_size) {
    ClipSettings settings = clip_settings(1, {28, 28});
    settings.decode_size = decode_size;
    ClipPipeline pipeline(settings, {}, 1);
    return load(pipeline, clip);
  };
  EXPECT_EQ(bytes_with(0), bytes_with(32));
  EXPECT_NE(bytes_with(31), bytes_with(32));
  EXPECT_NE(bytes_with(33), bytes_with(32));
}

}  // namespace
}  // namespace actrec
