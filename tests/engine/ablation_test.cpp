#include "engine/ablation.h"

#include <gtest/gtest.h>

#include <array>
#include <opencv2/core.hpp>

#include "data/loader.h"
#include "data/motion.h"
#include "engine/evaluator.h"
#include "frame_folders.h"
#include "temporary_directory.h"

namespace actrec {
namespace {

class AblationTest : public ::testing::Test {
 protected:
  AblationTest() : splits_(moving_square_splits(directory_ / "clips")) { torch::manual_seed(3); }

  std::shared_ptr<Recogniser> model() const {
    auto model = std::make_shared<Recogniser>(settings_.model, settings_.clip.size, 2,
                                              PixelStatistics{{0.5, 0.5, 0.5}, {0.5, 0.5, 0.5}});
    model->eval();
    return model;
  }

  TemporaryDirectory directory_;
  DataSplits splits_;
  Settings settings_ = tiny_settings();
};

TEST_F(AblationTest, ForAMeanOverFramesTheirOrderDoesNotMatter) {
  settings_.model.temporal.type = TemporalType::mean;
  const auto averaging = model();
  torch::NoGradGuard no_grad;
  const torch::Tensor pixels = torch::randint(0, 256, {2, 4, 16, 16, 3}, torch::kUInt8);
  AblationMeter meter(splits_.classes, settings_);
  const ClipFeatures features = meter.encode(*averaging, pixels);
  const torch::Tensor logits = averaging->classify(features.forwards);
  meter.add(*averaging, features, {&splits_.val[0], &splits_.val[1]}, logits);
  const AblationResult result = meter.result({});
  EXPECT_EQ(result.reversed.lost + result.reversed.gained + result.shuffled.lost + result.mean_frame.lost, 0);
  EXPECT_EQ(result.changed(), 0);
  EXPECT_FALSE(result.majority_class.has_value());
}

TEST_F(AblationTest, TheMajorityClassIsThatOfTraining) {
  const auto recogniser = model();
  torch::NoGradGuard no_grad;
  AblationMeter meter({"down", "right"}, settings_);
  const torch::Tensor pixels = torch::randint(0, 256, {3, 4, 16, 16, 3}, torch::kUInt8);
  const ClipFeatures features = meter.encode(*recogniser, pixels);
  ClipRef down, right;
  down.label = 0;
  right.label = 1;
  meter.add(*recogniser, features, {&down, &right, &right}, recogniser->classify(features.forwards));
  EXPECT_DOUBLE_EQ(*meter.result({7, 3}).majority_class, 1.0 / 3);
  EXPECT_EQ(meter.result({7, 3}).majority_name, "down");
  EXPECT_DOUBLE_EQ(*meter.result({3, 7}).majority_class, 2.0 / 3);
  EXPECT_EQ(meter.result({5, 5}).majority_name, "down");
}

// The figures are those of the model on frames that really are in another order.
TEST_F(AblationTest, AgreesWithChangedClips) {
  const auto recogniser = model();
  torch::NoGradGuard no_grad;
  const torch::Tensor pixels = torch::randint(0, 256, {20, 4, 16, 16, 3}, torch::kUInt8);
  const torch::Tensor logits = recogniser->forward(pixels);
  const auto answers = [&](const torch::Tensor& clips) { return recogniser->forward(clips).argmax(1); };
  // Labels are what the model says, so that each other answer is lost.
  const torch::Tensor labels = logits.argmax(1);
  std::vector<ClipRef> clips(20);
  std::vector<const ClipRef*> pointers;
  for (std::size_t i = 0; i < clips.size(); ++i) {
    clips[i].name = "clip" + std::to_string(i);
    clips[i].label = static_cast<int>(labels[static_cast<std::int64_t>(i)].item<std::int64_t>());
    pointers.push_back(&clips[i]);
  }
  AblationMeter meter(splits_.classes, settings_);
  meter.add(*recogniser, meter.encode(*recogniser, pixels), pointers, logits);
  const AblationResult result = meter.result({});
  const auto lost = [&](const torch::Tensor& changed) {
    return (answers(changed) != labels).sum().item<std::int64_t>();
  };
  EXPECT_EQ(result.reversed.lost, lost(pixels.flip({1})));
  EXPECT_EQ(result.changed(), result.reversed.lost);
  EXPECT_EQ(result.single_frame.lost, lost(pixels.narrow(1, 2, 1).expand({-1, 4, -1, -1, -1})));
  EXPECT_EQ(result.reversed.gained, 0);
  EXPECT_EQ(result.top1, 1);
  EXPECT_DOUBLE_EQ(result.reversed.top1, 1 - static_cast<double>(result.reversed.lost) / 20);
  AblationMeter again(splits_.classes, settings_);
  again.add(*recogniser, again.encode(*recogniser, pixels), pointers, logits);
  EXPECT_EQ(again.result({}).shuffled.lost, result.shuffled.lost);
}

TEST_F(AblationTest, AMotionImagePlayedBackwardsHasItsDifferencesTurned) {
  std::array<cv::Mat, kMotionFrames> grey, backwards;
  const std::array<int, kMotionFrames> values{10, 30, 25, 250};
  for (std::size_t i = 0; i < kMotionFrames; ++i) {
    grey[i] = cv::Mat(1, 1, CV_8UC1, cv::Scalar(values[i]));
    backwards[kMotionFrames - 1 - i] = grey[i];
  }
  cv::Mat image(1, 1, CV_8UC3), expected(1, 1, CV_8UC3);
  write_motion_image(grey, image);
  write_motion_image(backwards, expected);
  const torch::Tensor turned =
      turn_motion_images(torch::from_blob(image.data, {1, 1, 1, 1, 3}, torch::kUInt8)).flatten();
  for (int c = 0; c < 3; ++c) {
    EXPECT_EQ(turned[c].item<int>(), expected.at<cv::Vec3b>(0, 0)[c]) << "channel " << c;
  }
}

TEST_F(AblationTest, LeavesTheResultAsItIs) {
  for (const MotionInput motion : {MotionInput::none, MotionInput::difference}) {
    settings_.clip.motion = motion;
    const auto recogniser = model();
    const auto pipeline = make_pipeline(settings_, CacheUse::none);
    Loader loader(pipeline, {3, 0, 0});
    AblationMeter meter(splits_.classes, settings_), whole_meter(splits_.classes, settings_);
    const auto evaluate = [&](AblationMeter* ablation) {
      return evaluate_clips(*recogniser, torch::kCPU, splits_.train, splits_.classes, loader, {}, ablation);
    };
    const auto evaluate_whole = [&](AblationMeter* ablation) {
      return evaluate_whole_clips(*recogniser, torch::kCPU, splits_.train, splits_.classes, pipeline, 60, {},
                                  ablation);
    };
    EXPECT_EQ(evaluate(&meter).loss, evaluate(nullptr).loss);
    EXPECT_EQ(evaluate_whole(&whole_meter).loss, evaluate_whole(nullptr).loss);
    const AblationResult batches = meter.result({}), whole = whole_meter.result({});
    EXPECT_EQ(batches.reversed.lost, whole.reversed.lost);
    EXPECT_EQ(batches.shuffled.lost, whole.shuffled.lost);
    EXPECT_EQ(batches.changed(), whole.changed());
  }
}

TEST(PoolAblations, CountsEveryClipOnce) {
  EvaluationResult one, other;
  one.clips = 10;
  one.ablation = AblationResult{0.8, 0.5, "up", {0.2, 6, 0}, {0.4, 5, 1}, {0.3, 7, 2}, {0.6, 3, 1}, {}};
  one.ablation->changes = {{"up", "down", 4}, {"down", "up", 3}};
  other.clips = 30;
  other.ablation = AblationResult{0.4, 0.1, "up", {0.4, 1, 1}, {0.4, 2, 2}, {0.1, 9, 0}, {0.2, 6, 0}, {}};
  other.ablation->changes = {{"down", "up", 5}};
  AblationResult pooled = pool_ablations({one, other});
  EXPECT_DOUBLE_EQ(pooled.top1, (0.8 * 10 + 0.4 * 30) / 40);
  EXPECT_DOUBLE_EQ(*pooled.majority_class, (0.5 * 10 + 0.1 * 30) / 40);
  EXPECT_EQ(pooled.majority_name, "up");
  EXPECT_DOUBLE_EQ(pooled.reversed.top1, (0.3 * 10 + 0.1 * 30) / 40);
  EXPECT_EQ(pooled.reversed.lost, 16);
  EXPECT_EQ(pooled.reversed.gained, 2);
  EXPECT_EQ(pooled.single_frame.lost, 7);
  EXPECT_EQ(pooled.changed(), 12);
  ASSERT_EQ(pooled.changes.size(), 2u);
  EXPECT_EQ(pooled.changes[0].from, "down");
  EXPECT_EQ(pooled.changes[0].clips, 8);

  other.ablation->majority_name = "down";
  pooled = pool_ablations({one, other});
  EXPECT_TRUE(pooled.majority_class.has_value());
  EXPECT_EQ(pooled.majority_name, "");
  other.ablation->majority_class.reset();
  EXPECT_FALSE(pool_ablations({one, other}).majority_class.has_value());
}

}  // namespace
}  // namespace actrec
