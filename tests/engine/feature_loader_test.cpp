#include "engine/feature_loader.h"

#include <gtest/gtest.h>

#include <fstream>

#include "frame_folders.h"
#include "log_capture.h"
#include "temporary_directory.h"

namespace actrec {
namespace {

namespace fs = std::filesystem;

// A frozen encoder, and features of the clips of moving squares.
class FeatureLoaderTest : public ::testing::Test {
 protected:
  FeatureLoaderTest() : clips_(moving_square_clips(directory_ / "clips", "train", 5)) {
    settings_ = tiny_settings();
    settings_.model.encoder.trainable = TrainableStages::none();
    settings_.data.cache = CacheMode::raw;
    settings_.data.cache_dir = directory_ / "cache";
    torch::manual_seed(1);
    model_ = std::make_shared<Recogniser>(settings_.model, settings_.clip.size, 2,
                                          PixelStatistics{{0.5, 0.5, 0.5}, {0.2, 0.2, 0.2}});
    model_->set_trainable(TrainableStages::none());
    model_->eval();
  }

  LoaderOptions options() const {
    LoaderOptions options;
    options.batch_size = 4;
    options.views = kViews;
    return options;
  }
  std::unique_ptr<Loader> pixels() const {
    return std::make_unique<Loader>(make_pipeline(settings_, CacheUse::none), options());
  }
  std::unique_ptr<FeatureCache> cache(double gigabytes = 1) const {
    CheckpointInfo info;
    info.settings = settings_;
    info.settings.data.cache_gb = gigabytes;
    return make_feature_cache(info, *model_, torch::kCPU);
  }
  std::vector<fs::path> files() const {
    std::vector<fs::path> found;
    for (const auto& entry : fs::recursive_directory_iterator(directory_ / "cache")) {
      if (entry.path().extension() == ".features") found.push_back(entry.path());
    }
    return found;
  }
  // Logits of a pass, [clips, 2], and the order of the clips.
  std::pair<torch::Tensor, std::vector<std::size_t>> pass(BatchSource& source) {
    torch::NoGradGuard no_grad;
    std::vector<torch::Tensor> logits;
    std::vector<std::size_t> order;
    std::size_t batches = 0;
    for (Batch batch = source.next(); batch.clips.defined(); batch = source.next(), ++batches) {
      if (batch.indices.empty()) continue;
      logits.push_back(model_->forward(batch.clips));
      for (std::size_t i = 0; i < batch.indices.size(); ++i) {
        order.push_back(batch.indices[i]);
        EXPECT_EQ(batch.labels[static_cast<std::int64_t>(i)].item<std::int64_t>(),
                  clips_[batch.indices[i]].label);
      }
    }
    EXPECT_EQ(batches, source.batches());
    return {torch::cat(logits), order};
  }
  // Both give the same in training epochs, first and later ones, and in evaluation.
  void expect_equal(BatchSource& features, BatchSource& from_pixels) {
    for (int epoch = 0; epoch < 2 * kViews + 1; ++epoch) {
      features.start_training(clips_, 1, epoch);
      const auto [logits, order] = pass(features);
      from_pixels.start_training(clips_, 1, epoch);
      const auto [expected, expected_order] = pass(from_pixels);
      EXPECT_TRUE(torch::equal(logits, expected)) << "epoch " << epoch;
      EXPECT_EQ(order, expected_order);
    }
    features.start_evaluation(clips_);
    const torch::Tensor logits = pass(features).first;
    from_pixels.start_evaluation(clips_);
    EXPECT_TRUE(torch::equal(logits, pass(from_pixels).first));
  }

  static constexpr int kViews = 2;
  TemporaryDirectory directory_;
  std::vector<ClipRef> clips_;
  Settings settings_;
  std::shared_ptr<Recogniser> model_;
  ProcessGroup alone_;
};

TEST_F(FeatureLoaderTest, GivesTheLogitsThatPixelsGive) {
  const auto one = pixels(), other = pixels();
  const auto kept = cache();
  FeatureLoader features(*one, *kept, model_, torch::kCPU, 4, kViews, alone_);
  expect_equal(features, *other);
  EXPECT_EQ(files().size(), clips_.size() * (kViews + 1));
  features.start_training(clips_, 1, 0);
  const Batch batch = features.next();
  EXPECT_EQ(batch.clips.scalar_type(), torch::kFloat16);
  EXPECT_EQ(batch.clips.sizes(), (std::vector<std::int64_t>{4, 4, 64}));
}

TEST_F(FeatureLoaderTest, AResumedPassGivesTheRestOfIt) {
  const auto one = pixels();
  const auto kept = cache(), full = cache(1e-6);
  FeatureLoader features(*one, *kept, model_, torch::kCPU, 4, kViews, alone_);
  FeatureLoader from_pixels(*one, *full, model_, torch::kCPU, 4, kViews, alone_);
  for (FeatureLoader* loader : {&features, &from_pixels}) {
    loader->start_training(clips_, 1, 1);
    loader->next();
    const Batch expected = loader->next();
    loader->resume_training(clips_, 1, 1, 1);
    EXPECT_EQ(loader->batches(), 3u);
    const Batch batch = loader->next();
    EXPECT_EQ(batch.indices, expected.indices);
    EXPECT_TRUE(torch::equal(batch.clips, expected.clips));
  }
}

TEST_F(FeatureLoaderTest, ViewsDiffer) {
  const auto one = pixels();
  const auto kept = cache();
  FeatureLoader features(*one, *kept, model_, torch::kCPU, 4, kViews, alone_);
  features.start_training(clips_, 1, 0);
  pass(features);
  features.start_training(clips_, 1, 1);
  pass(features);
  EXPECT_FALSE(torch::equal(kept->find(clips_[0], 0), kept->find(clips_[0], 1)));
}

TEST_F(FeatureLoaderTest, ComputesWhatIsDamagedAnew) {
  const auto one = pixels(), other = pixels();
  const auto kept = cache();
  FeatureLoader features(*one, *kept, model_, torch::kCPU, 4, kViews, alone_);
  expect_equal(features, *other);
  int kind = 0;
  for (const fs::path& file : files()) {
    switch (kind++ % 4) {
      case 0:
        fs::remove(file);
        break;
      case 1:
        fs::resize_file(file, fs::file_size(file) - 1);
        break;
      case 2: {
        std::fstream damaged(file, std::ios::binary | std::ios::in | std::ios::out);
        damaged.seekp(-7, std::ios::end);
        damaged.put('\x55');
        break;
      }
      default:
        break;
    }
  }
  expect_equal(features, *other);
  for (const ClipRef& clip : clips_) EXPECT_TRUE(kept->find(clip, FeatureCache::kEvaluation).defined());
}

TEST_F(FeatureLoaderTest, LeavesOutBadClipsAsPixelsDo) {
  const testing::LogCapture log;
  settings_.data.bad_videos = BadVideos::skip;
  settings_.data.max_bad_fraction = 0.5;
  for (const std::size_t i : {1u, 4u, 5u, 6u, 7u}) fs::remove_all(clips_[i].path);
  const auto pixels_of_features = pixels(), from_pixels = pixels();
  for (Loader* loader : {pixels_of_features.get(), from_pixels.get()})
    loader->bad_clips().expect("training", clips_);
  const auto kept = cache();
  FeatureLoader features(*pixels_of_features, *kept, model_, torch::kCPU, 4, kViews, alone_);
  expect_equal(features, *from_pixels);
  EXPECT_EQ(pixels_of_features->bad_clips().list().size(), 5u);
}

TEST_F(FeatureLoaderTest, TakesPixelsWhereThereIsNoRoom) {
  const auto one = pixels(), other = pixels();
  const auto kept = cache(1e-6);  // a thousand bytes
  FeatureLoader features(*one, *kept, model_, torch::kCPU, 4, kViews, alone_);
  expect_equal(features, *other);
  EXPECT_LT(files().size(), 2u);
}

TEST_F(FeatureLoaderTest, KnowsWhatTheFeaturesCameFrom) {
  const ClipRef& clip = clips_[0];
  const torch::Tensor features = torch::rand({4, 64}).to(torch::kFloat16);
  cache()->store(clip, 0, features);
  const auto kept = cache();
  EXPECT_TRUE(torch::equal(kept->find(clip, 0), features));
  EXPECT_TRUE(kept->contains(clip, 0));
  EXPECT_FALSE(kept->contains(clip, 1));
  EXPECT_FALSE(kept->contains(clip, FeatureCache::kEvaluation));
  EXPECT_FALSE(kept->find(clips_[1], 0).defined());

  settings_.train.seed = 2;
  EXPECT_FALSE(cache()->contains(clip, 0)) << "other draws";
  settings_.train.seed = 1;
  settings_.augment.horizontal_flip = 0.5;
  EXPECT_FALSE(cache()->contains(clip, 0)) << "other augmentation";
  settings_.augment.horizontal_flip = 0;
  settings_.train.learning_rate = 0.5;
  settings_.augment.test_views = 2;
  settings_.augment.test_clips = 3;
  EXPECT_TRUE(cache()->contains(clip, 0)) << "features do not depend on what comes after them";
  {
    torch::NoGradGuard no_grad;
    model_->named_parameters()["encoder.blocks.0.norm.bias"][3] += 1e-3;
  }
  EXPECT_FALSE(cache()->contains(clip, 0)) << "other weights";
}

TEST_F(FeatureLoaderTest, IsForFrozenEncodersAndACacheOnly) {
  EXPECT_TRUE(cache());
  settings_.train.feature_views = 0;
  EXPECT_FALSE(cache());
  settings_.train.feature_views = 2;
  settings_.model.encoder.trainable = {1};
  EXPECT_FALSE(cache());
  settings_.model.encoder.trainable = TrainableStages::none();
  settings_.data.cache = CacheMode::off;
  EXPECT_FALSE(cache());
}

}  // namespace
}  // namespace actrec
