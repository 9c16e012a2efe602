#include "data/loader.h"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <opencv2/imgproc.hpp>
#include <set>
#include <thread>

#include "core/error.h"
#include "frame_folders.h"
#include "hanging_file.h"
#include "log_capture.h"
#include "temporary_directory.h"

namespace actrec {
namespace {

class LoaderTest : public ::testing::Test {
 protected:
  LoaderTest()
      : settings_(tiny_settings()),
        clips_(moving_square_clips(directory_.path(), "clip", 5)),
        pipeline_(std::make_shared<ClipPipeline>(settings_.clip, settings_.augment, 1)) {}

  // Bytes of that many batches.
  std::int64_t memory_of(std::int64_t batches, int batch_size) const {
    return batches * batch_size * pipeline_->bytes_per_clip();
  }
  static std::vector<Batch> rest_of(Loader& loader) {
    std::vector<Batch> batches;
    for (Batch batch = loader.next(); batch.clips.defined(); batch = loader.next())
      batches.push_back(std::move(batch));
    return batches;
  }
  std::vector<Batch> evaluation(const LoaderOptions& options) {
    Loader loader(pipeline_, options);
    loader.start_evaluation(clips_);
    return rest_of(loader);
  }
  std::vector<Batch> training(const LoaderOptions& options, std::uint64_t seed, int epoch) {
    Loader loader(pipeline_, options);
    loader.start_training(clips_, seed, epoch);
    return rest_of(loader);
  }

  TemporaryDirectory directory_;
  Settings settings_;
  std::vector<ClipRef> clips_;  // 10
  std::shared_ptr<ClipPipeline> pipeline_;
};

TEST_F(LoaderTest, EvaluationKeepsOrderLabelsAndEveryClip) {
  const auto batches = evaluation({4, 2, memory_of(2, 4)});
  ASSERT_EQ(batches.size(), 3u);
  EXPECT_EQ(batches[0].clips.sizes(), (std::vector<std::int64_t>{4, 4, 16, 16, 3}));
  EXPECT_EQ(batches[2].clips.size(0), 2);
  std::size_t index = 0;
  for (const Batch& batch : batches) {
    for (std::int64_t i = 0; i < batch.clips.size(0); ++i, ++index) {
      EXPECT_EQ(batch.indices[static_cast<std::size_t>(i)], index);
      EXPECT_EQ(batch.labels[i].item<std::int64_t>(), clips_[index].label);
      std::vector<std::uint8_t> pixels(static_cast<std::size_t>(pipeline_->bytes_per_clip()));
      pipeline_->load(clips_[index], pixels.data());
      EXPECT_TRUE(torch::equal(
          batch.clips[i].flatten(),
          torch::from_blob(pixels.data(), {static_cast<std::int64_t>(pixels.size())}, torch::kUInt8)));
    }
  }
  EXPECT_EQ(index, clips_.size());
}

// 10 clips in batches of 2 for each of 3 processes: 6 and 4, the latter divided 1, 1, 2.
TEST_F(LoaderTest, ShardsTogetherAreTheBatchesOfOneLoader) {
  const auto whole = training({6, 0, 0}, 7, 2);
  std::vector<std::vector<Batch>> shards;
  for (int index = 0; index < 3; ++index) {
    LoaderOptions options{2, index, memory_of(2, 2)};  // with different numbers of workers
    options.shard = {index, 3};
    shards.push_back(training(options, 7, 2));
    ASSERT_EQ(shards.back().size(), 2u);
  }
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::vector<torch::Tensor> pixels, labels;
    std::vector<std::size_t> indices;
    for (const std::vector<Batch>& shard : shards) {
      pixels.push_back(shard[i].clips);
      labels.push_back(shard[i].labels);
      indices.insert(indices.end(), shard[i].indices.begin(), shard[i].indices.end());
    }
    EXPECT_EQ(indices, whole[i].indices);
    EXPECT_TRUE(torch::equal(torch::cat(pixels), whole[i].clips));
    EXPECT_TRUE(torch::equal(torch::cat(labels), whole[i].labels));
  }
}

TEST_F(LoaderTest, AShardWithoutClipsInTheLastBatchHasAnEmptyOne) {
  for (const int workers : {0, 2}) {
    LoaderOptions options{3, workers, 1};  // of 10 clips, batches of 9 and 1
    options.shard = {0, 3};
    const auto batches = training(options, 7, 2);
    ASSERT_EQ(batches.size(), 2u);
    EXPECT_EQ(batches[0].labels.size(0), 3);
    EXPECT_EQ(batches[1].labels.size(0), 0);
    EXPECT_TRUE(batches[1].indices.empty());
  }
}

TEST_F(LoaderTest, TrainingBatchesDoNotDependOnWorkersOrPrefetch) {
  const auto reference = training({3, 0, 0}, 7, 2);
  for (const auto& [workers, prefetch] : {std::pair{1, 1}, {2, 3}, {4, 10}}) {
    const auto batches = training({3, workers, memory_of(prefetch, 3)}, 7, 2);
    ASSERT_EQ(batches.size(), reference.size());
    for (std::size_t i = 0; i < batches.size(); ++i) {
      EXPECT_EQ(batches[i].indices, reference[i].indices);
      EXPECT_TRUE(torch::equal(batches[i].clips, reference[i].clips));
      EXPECT_TRUE(torch::equal(batches[i].labels, reference[i].labels));
    }
  }
}

TEST_F(LoaderTest, TrainingShufflesAnewEachEpochAndSeed) {
  const auto order = [&](std::uint64_t seed, int epoch) {
    std::vector<std::size_t> indices;
    for (const Batch& batch : training({4, 0, 0}, seed, epoch)) {
      indices.insert(indices.end(), batch.indices.begin(), batch.indices.end());
    }
    EXPECT_EQ(std::set<std::size_t>(indices.begin(), indices.end()).size(), clips_.size());
    return indices;
  };
  EXPECT_EQ(order(1, 0), order(1, 0));
  EXPECT_NE(order(1, 0), order(1, 1));
  EXPECT_NE(order(1, 0), order(2, 0));
}

TEST_F(LoaderTest, AnErrorReachesTheCallerWhenItsBatchIsDue) {
  std::filesystem::remove_all(clips_[5].path);
  for (const int workers : {0, 1, 4}) {
    Loader loader(pipeline_, {4, workers, memory_of(3, 4)});
    loader.start_evaluation(clips_);
    EXPECT_TRUE(loader.next().clips.defined());
    try {
      loader.next();
      FAIL();
    } catch (const DataError& error) {
      EXPECT_NE(std::string(error.what()).find(clips_[5].path.string()), std::string::npos) << error.what();
    }
  }
}

// Changes that are left to make_changes(), of clips whose frames are of three sizes.
class UnchangedLoaderTest : public LoaderTest, public ::testing::WithParamInterface<MotionInput> {
 protected:
  UnchangedLoaderTest() {
    resize_frames(clips_[2].path, {56, 32});
    resize_frames(clips_[7].path, {32, 48});
    settings_.clip.motion = GetParam();
    settings_.augment.horizontal_flip = 0.5;
    settings_.augment.affine.rotate = Range(-30, 30);
    use_settings();
  }
  void use_settings() {
    settings_.data.cache = CacheMode::off;
    settings_.data.bad_videos = BadVideos::skip;
    settings_.data.max_bad_fraction = 0.5;
    pipeline_ = make_pipeline(settings_, CacheUse::none);
    pipeline_->bad_clips().expect("training", clips_);
  }
  static void resize_frames(const std::filesystem::path& folder, cv::Size size) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      cv::Mat image = cv::imread(entry.path().string());
      cv::resize(image, image, size);
      cv::imwrite(entry.path().string(), image);
    }
  }
  LoaderOptions later(int workers = 0, std::int64_t prefetch_bytes = 0) const {
    LoaderOptions options{3, workers, prefetch_bytes};
    options.change_later = true;
    return options;
  }
  static void expect_close(const std::vector<Batch>& unchanged, const std::vector<Batch>& changed) {
    ASSERT_EQ(unchanged.size(), changed.size());
    for (std::size_t i = 0; i < changed.size(); ++i) {
      EXPECT_EQ(unchanged[i].indices, changed[i].indices);
      EXPECT_TRUE(torch::equal(unchanged[i].labels, changed[i].labels));
      if (changed[i].indices.empty()) continue;
      const torch::Tensor input = network_input(unchanged[i], torch::kCPU);
      ASSERT_EQ(input.sizes(), changed[i].clips.sizes());
      const torch::Tensor apart = (input.to(torch::kFloat32) - changed[i].clips.to(torch::kFloat32)).abs();
      // Squares of 255 on 0: half of OpenCV's 1/32 pixel is 4 levels in either direction, which colours and
      // differences of brightness multiply.
      EXPECT_LE(apart.max().item<float>(), 24);
      EXPECT_LE(apart.mean().item<float>(), 0.5);
      EXPECT_GT(input.to(torch::kFloat32).std().item<float>(), 10) << "there is something to be seen";
    }
  }
};

INSTANTIATE_TEST_SUITE_P(Motion, UnchangedLoaderTest,
                         ::testing::Values(MotionInput::none, MotionInput::difference));

TEST_P(UnchangedLoaderTest, ChangedAfterwardsItIsTheSameButForRounding) {
  for (const AugmentPer apply : {AugmentPer::clip, AugmentPer::frame}) {
    settings_.augment.apply = apply;
    use_settings();
    expect_close(training(later(), 7, 2), training({3, 0, 0}, 7, 2));
  }
}

TEST_P(UnchangedLoaderTest, NeitherWorkersNorPrefetchNorResumingChangesABit) {
  const auto reference = training(later(), 7, 2);
  const auto expect_same = [&](const std::vector<Batch>& batches, std::size_t first) {
    ASSERT_EQ(batches.size() + first, reference.size());
    for (std::size_t i = 0; i < batches.size(); ++i) {
      EXPECT_TRUE(torch::equal(network_input(batches[i], torch::kCPU),
                               network_input(reference[first + i], torch::kCPU)))
          << first << " " << i;
    }
  };
  for (const auto& [workers, prefetch] : {std::pair{1, 1}, {2, 3}, {4, 10}})
    expect_same(training(later(workers, memory_of(prefetch, 3)), 7, 2), 0);
  for (std::size_t first = 1; first < reference.size(); ++first) {
    Loader loader(pipeline_, later(2));
    loader.resume_training(clips_, 7, 2, first);
    expect_same(rest_of(loader), first);
  }
}

TEST_P(UnchangedLoaderTest, LeavesOutBadClips) {
  const testing::LogCapture log;
  for (const std::size_t i : {0U, 7U}) std::filesystem::remove_all(clips_[i].path);
  for (const int workers : {0, 2}) {
    use_settings();
    const auto changed = training({3, workers, 0}, 7, 2);
    use_settings();
    expect_close(training(later(workers), 7, 2), changed);
  }
}

TEST_P(UnchangedLoaderTest, EvaluationHasNothingToChange) {
  for (const Batch& batch : evaluation(later())) EXPECT_FALSE(batch.changes.has_value());
}

// The pipeline of settings that skip bad clips.
class SkippingLoaderTest : public LoaderTest {
 protected:
  void use_pipeline(double max_fraction) {
    settings_.data.bad_videos = BadVideos::skip;
    settings_.data.max_bad_fraction = max_fraction;
    settings_.data.cache = CacheMode::off;
    pipeline_ = make_pipeline(settings_, CacheUse::none);
    pipeline_->bad_clips().expect("training", clips_);
  }
  testing::LogCapture log_;
};

TEST_F(SkippingLoaderTest, BadClipsAreMissingFromTheirBatchAndNothingElseChanges) {
  const auto whole = training({3, 0, 0}, 7, 2);
  const std::set<std::size_t> broken{1, 5, 6, 8};
  for (const std::size_t i : broken) std::filesystem::remove_all(clips_[i].path);
  for (const int workers : {0, 1, 2, 4}) {
    use_pipeline(0.5);
    for (int again = 0; again < 2; ++again) {  // known to be bad the second time
      const auto batches = training({3, workers, memory_of(3, 3)}, 7, 2);
      ASSERT_EQ(batches.size(), whole.size());
      for (std::size_t i = 0; i < batches.size(); ++i) {
        std::vector<std::int64_t> good;
        std::vector<std::size_t> indices;
        for (std::size_t k = 0; k < whole[i].indices.size(); ++k) {
          if (broken.count(whole[i].indices[k]) > 0) continue;
          good.push_back(static_cast<std::int64_t>(k));
          indices.push_back(whole[i].indices[k]);
        }
        EXPECT_EQ(batches[i].indices, indices);
        EXPECT_TRUE(torch::equal(batches[i].clips, whole[i].clips.index_select(0, torch::tensor(good))));
        EXPECT_TRUE(torch::equal(batches[i].labels, whole[i].labels.index_select(0, torch::tensor(good))));
      }
    }
    EXPECT_EQ(pipeline_->bad_clips().list().size(), broken.size());
  }
}

TEST_F(SkippingLoaderTest, ABatchMayBeEmpty) {
  for (const std::size_t i : {2u, 3u}) std::filesystem::remove_all(clips_[i].path);
  use_pipeline(0.5);
  const auto batches = evaluation({2, 2, memory_of(3, 2)});
  ASSERT_EQ(batches.size(), 5u);
  EXPECT_TRUE(batches[1].clips.defined());
  EXPECT_EQ(batches[1].clips.size(0), 0);
  EXPECT_EQ(batches[1].labels.size(0), 0);
  EXPECT_TRUE(batches[1].indices.empty());
  EXPECT_EQ(batches[2].indices, (std::vector<std::size_t>{4, 5}));
}

TEST_F(SkippingLoaderTest, TooManyAreAnErrorAtTheSameBatchForAnyNumberOfWorkers) {
  for (const std::size_t i : {2u, 5u, 9u}) std::filesystem::remove_all(clips_[i].path);
  for (const int workers : {0, 3}) {
    use_pipeline(0.2);
    Loader loader(pipeline_, {2, workers, memory_of(5, 2)});
    loader.start_evaluation(clips_);
    for (int i = 0; i < 4; ++i) loader.next();
    EXPECT_THROW(loader.next(), DataError);
  }
}

// Whether a clip is bad must not depend on which of its frames a view takes.
TEST_F(SkippingLoaderTest, AFrameThatIsBrokenInTheMiddleMakesTheClipBadWhicheverFramesAreChosen) {
  write_moving_square(clips_[4].path, 40, 1, 1);
  std::ofstream(clips_[4].path / "0037.png", std::ios::binary) << "no image";
  for (int epoch = 0; epoch < 3; ++epoch) {
    use_pipeline(0.5);
    training({3, 1, 0}, 7, epoch);
    ASSERT_EQ(pipeline_->bad_clips().list().size(), 1u) << epoch;
    EXPECT_NE(pipeline_->bad_clips().list()[0].reason.find("0037.png"), std::string::npos);
  }
}

class HangingClipTest : public SkippingLoaderTest, public ::testing::WithParamInterface<int> {};  // workers

TEST_P(HangingClipTest, IsBadAndAnotherThreadGoesOn) {
  const testing::HangingFile hanging(clips_[3].path / "0002.png");
  if (!hanging.hangs()) GTEST_SKIP() << "no leases on this file system";
  use_pipeline(0.5);
  LoaderOptions options{2, GetParam(), memory_of(2, 2)};
  options.timeout_seconds = 5;
  Loader loader(pipeline_, options);
  loader.start_evaluation(clips_);
  const auto batches = rest_of(loader);
  const std::vector<BadClip> bad = pipeline_->bad_clips().list();
  ASSERT_EQ(bad.size(), 1u);
  EXPECT_EQ(bad[0].name, clips_[3].name);
  EXPECT_NE(bad[0].reason.find("has not been read within"), std::string::npos) << bad[0].reason;
  EXPECT_EQ(batches[1].indices, (std::vector<std::size_t>{2}));
  std::size_t clips = 0;
  for (const Batch& batch : batches) clips += batch.indices.size();
  EXPECT_EQ(clips, clips_.size() - 1);
}

TEST_P(HangingClipTest, IsAnErrorWhereBadClipsAre) {
  const testing::HangingFile hanging(clips_[3].path / "0002.png");
  if (!hanging.hangs()) GTEST_SKIP() << "no leases on this file system";
  LoaderOptions options{2, GetParam(), memory_of(2, 2)};
  options.timeout_seconds = 5;
  Loader loader(pipeline_, options);
  loader.start_evaluation(clips_);
  EXPECT_TRUE(loader.next().clips.defined());
  try {
    loader.next();
    FAIL();
  } catch (const DataError& error) {
    EXPECT_NE(std::string(error.what()).find(clips_[3].path.string()), std::string::npos) << error.what();
  }
}

INSTANTIATE_TEST_SUITE_P(Workers, HangingClipTest, ::testing::Values(0, 1, 2));

// What is prepared ahead would hold up the thread that wants something else done.
TEST_F(LoaderTest, WithoutWorkersNothingIsReadUntilABatchIsAskedFor) {
  Loader loader(pipeline_, {4, 0, memory_of(3, 4)});
  loader.start_evaluation(clips_);
  const std::filesystem::path last = clips_[9].path;
  EXPECT_EQ(loader.next().indices.size(), 4u);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  std::filesystem::remove_all(last);
  EXPECT_EQ(loader.next().indices.size(), 4u);
  EXPECT_THROW(loader.next(), DataError);
}

TEST_F(LoaderTest, StopsCleanlyAtAnyMoment) {
  for (int batches = 0; batches < 4; ++batches) {
    Loader loader(pipeline_, {2, 3, memory_of(8, 2)});
    loader.start_evaluation(clips_);
    for (int i = 0; i < batches; ++i) loader.next();
  }
}

TEST_F(LoaderTest, APassMayBeginInTheMiddleOfAnother) {
  const auto reference = training({3, 0, 0}, 7, 1);
  Loader loader(pipeline_, {3, 3, memory_of(8, 3)});
  for (int epoch = 3; epoch >= 1; --epoch) {
    loader.start_training(clips_, 7, epoch);
    if (epoch > 1) loader.next();
  }
  const auto batches = rest_of(loader);
  ASSERT_EQ(batches.size(), reference.size());
  for (std::size_t i = 0; i < batches.size(); ++i) {
    EXPECT_EQ(batches[i].indices, reference[i].indices);
    EXPECT_TRUE(torch::equal(batches[i].clips, reference[i].clips));
  }
}

TEST_F(LoaderTest, AResumedPassGivesTheRestOfIt) {
  const auto whole = training({3, 0, 0}, 7, 1);
  for (const int workers : {0, 2}) {
    for (std::size_t first = 0; first <= whole.size(); ++first) {
      Loader loader(pipeline_, {3, workers, memory_of(2, 3)});
      loader.resume_training(clips_, 7, 1, first);
      EXPECT_EQ(loader.batches(), whole.size());
      const auto rest = rest_of(loader);
      ASSERT_EQ(rest.size(), whole.size() - first);
      for (std::size_t i = 0; i < rest.size(); ++i) {
        EXPECT_EQ(rest[i].indices, whole[first + i].indices);
        EXPECT_TRUE(torch::equal(rest[i].clips, whole[first + i].clips));
      }
    }
  }
}

TEST_F(LoaderTest, PreparesNoMoreThanTheMemoryAllows) {
  for (const std::int64_t allowed : {0, 1, 3}) {
    Loader loader(pipeline_, {1, 2, memory_of(allowed, 1)});
    std::set<const void*> memory;
    for (int pass = 0; pass < 3; ++pass) {
      loader.start_evaluation(clips_);
      for (Batch batch = loader.next(); batch.clips.defined(); batch = loader.next())
        memory.insert(batch.clips.data_ptr());
    }
    // One more is in the consumer's hands, and one was opened while it still was.
    EXPECT_LE(memory.size(), static_cast<std::size_t>(std::max<std::int64_t>(1, allowed)) + 2);
  }
}

TEST_F(LoaderTest, ABatchInUseIsNotWrittenOver) {
  Loader loader(pipeline_, {2, 2, memory_of(2, 2)});
  loader.start_evaluation(clips_);
  const Batch first = loader.next();
  const torch::Tensor copy = first.clips.clone();
  rest_of(loader);
  loader.start_training(clips_, 1, 0);
  rest_of(loader);
  EXPECT_TRUE(torch::equal(first.clips, copy));
}

TEST_F(LoaderTest, ClipsOfAnyLengthAreRefused) {
  settings_.clip.sampling = Sampling::all;
  EXPECT_THROW(Loader(std::make_shared<ClipPipeline>(settings_.clip, settings_.augment, 1), {}), ConfigError);
}

}  // namespace
}  // namespace actrec
