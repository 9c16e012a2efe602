#include "engine/evaluator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "data/loader.h"
#include "engine/predictor.h"
#include "frame_folders.h"
#include "hanging_file.h"
#include "process_threads.h"
#include "temporary_directory.h"

namespace actrec {
namespace {

constexpr double kTimeout = 60;

class EvaluatorTest : public ::testing::Test {
 protected:
  EvaluatorTest() : splits_(moving_square_splits(directory_ / "clips")) {
    torch::manual_seed(3);
    info_.settings = tiny_settings();
    info_.classes = splits_.classes;
    info_.statistics = {{0.5, 0.5, 0.5}, {0.5, 0.5, 0.5}};
    model_ =
        std::make_shared<Recogniser>(info_.settings.model, info_.settings.clip.size, 2, info_.statistics);
    model_->eval();
  }

  TemporaryDirectory directory_;
  DataSplits splits_;
  CheckpointInfo info_;
  std::shared_ptr<Recogniser> model_;
};

TEST_F(EvaluatorTest, GivesTheSameResultForAnyBatchSizeAndWorkers) {
  const auto evaluate = [&](const LoaderOptions& options) {
    Loader loader(make_pipeline(info_.settings, CacheUse::none), options);
    return evaluate_clips(*model_, torch::kCPU, splits_.train, splits_.classes, loader);
  };
  const EvaluationResult one = evaluate({1, 0, 0});
  EXPECT_EQ(one.clips, 10);
  for (const LoaderOptions& options :
       {LoaderOptions{3, 0, 0}, LoaderOptions{4, 3, 100'000}, LoaderOptions{100, 1, 0}}) {
    const EvaluationResult other = evaluate(options);
    EXPECT_EQ(other.confusion, one.confusion);
    EXPECT_NEAR(other.loss, one.loss, 1e-5);
  }
}

TEST_F(EvaluatorTest, ReportsProgressOfEveryBatch) {
  Loader loader(make_pipeline(info_.settings, CacheUse::none), {3, 0, 0});
  std::vector<std::int64_t> done;
  evaluate_clips(*model_, torch::kCPU, splits_.val, splits_.classes, loader,
                 [&](std::int64_t now, std::int64_t total) {
                   EXPECT_EQ(total, 4);
                   done.push_back(now);
                 });
  EXPECT_EQ(done, (std::vector<std::int64_t>{3, 4}));
}

TEST_F(EvaluatorTest, ClipByClipGivesTheSameAsInBatches) {
  Loader loader(make_pipeline(info_.settings, CacheUse::none), {3, 0, 0});
  const EvaluationResult batches =
      evaluate_clips(*model_, torch::kCPU, splits_.train, splits_.classes, loader);
  const EvaluationResult clips =
      evaluate_whole_clips(*model_, torch::kCPU, splits_.train, splits_.classes,
                           make_pipeline(info_.settings, CacheUse::none), kTimeout);
  EXPECT_EQ(clips.confusion, batches.confusion);
  EXPECT_NEAR(clips.loss, batches.loss, 1e-5);
}

TEST_F(EvaluatorTest, CalibratesTheProbabilitiesOfEvaluationAndPrediction) {
  const auto evaluate = [&](double temperature) {
    info_.temperature = temperature;
    return evaluate_checkpoint({info_, model_}, splits_.val, CacheUse::none, Ablation::none);
  };
  const EvaluationResult plain = evaluate(1), calibrated = evaluate(0.5);
  ASSERT_EQ(calibrated.predictions.size(), splits_.val.size());
  for (std::size_t i = 0; i < splits_.val.size(); ++i) {
    const ClipPrediction &before = plain.predictions[i], &after = calibrated.predictions[i];
    EXPECT_EQ(after.name, splits_.val[i].name);
    EXPECT_EQ(after.prediction, before.prediction);
    const double a = before.probabilities[0] * before.probabilities[0],
                 b = before.probabilities[1] * before.probabilities[1];
    EXPECT_NEAR(after.probabilities[0], a / (a + b), 1e-9);
    predict({info_, model_}, expand_input(splits_.val[i].path.string()), 1,
            [&](const Prediction& prediction) {
              EXPECT_NEAR(prediction.top[0].probability, after.confidence(), 1e-6);
            });
  }
  EXPECT_EQ(calibrated.loss, plain.loss);
  EXPECT_EQ(calibrated.calibration->ece_uncalibrated, plain.calibration->ece);
  EXPECT_TRUE(calibrated.intervals);
}

TEST_F(EvaluatorTest, AClipThatHangsIsBadAndTheOthersArePredicted) {
  const testing::HangingFile hanging(splits_.train[3].path / "0002.png");
  if (!hanging.hangs()) GTEST_SKIP() << "no leases on this file system";
  info_.settings.data.timeout_seconds = 3;
  std::vector<InputClip> inputs;
  for (const ClipRef& clip : splits_.train) inputs.push_back({clip, ""});
  for (const Sampling sampling : {Sampling::segment, Sampling::all}) {
    info_.settings.clip.sampling = sampling;
    for (const int workers : {0, 2}) {
      info_.settings.data.workers = workers;
      std::vector<Prediction> failed;
      const PredictionSummary summary =
          predict({info_, model_}, inputs, 1, [&](const Prediction& prediction) {
            if (!prediction.error.empty()) failed.push_back(prediction);
          });
      EXPECT_EQ(summary.inputs, 10);
      ASSERT_EQ(failed.size(), 1u);
      EXPECT_EQ(failed[0].input, splits_.train[3].name);
      EXPECT_NE(failed[0].error.find("has not been read within"), std::string::npos) << failed[0].error;
    }
  }
  // Evaluation of whole clips refuses it or leaves it out.
  info_.settings.data.bad_videos = BadVideos::skip;
  info_.settings.data.max_bad_fraction = 0.5;
  const EvaluationResult result =
      evaluate_checkpoint({info_, model_}, splits_.train, CacheUse::none, Ablation::none);
  EXPECT_EQ(result.clips, 9);
  ASSERT_EQ(result.skipped.size(), 1u);
  EXPECT_EQ(result.skipped[0].clip, splits_.train[3].name);
}

TEST_F(EvaluatorTest, EncodesLongClipsInPiecesWithoutChangingTheResult) {
  write_moving_square(directory_ / "long", 150, 0, 0);
  ClipRef clip;
  clip.path = directory_ / "long";
  clip.name = "long";
  ClipSettings all = info_.settings.clip;
  all.sampling = Sampling::all;
  const auto pipeline = std::make_shared<ClipPipeline>(all, info_.settings.augment, 1);
  const ClipLogits result = classify_clip(*model_, torch::kCPU, clip, pipeline, kTimeout);
  EXPECT_EQ(result.frames, 150);

  std::vector<std::uint8_t> pixels;
  pipeline->for_each_frame(clip, [&](const std::uint8_t* frame) {
    pixels.insert(pixels.end(), frame, frame + pipeline->bytes_per_frame());
  });
  torch::NoGradGuard no_grad;
  const torch::Tensor whole =
      model_->forward(torch::from_blob(pixels.data(), {1, 150, 16, 16, 3}, torch::kUInt8));
  EXPECT_LT((whole.flatten() - result.logits).abs().max().item<float>(), 1e-5);
}

TEST_F(EvaluatorTest, PredictsAllInputsAndReportsTheBadOnes) {
  std::vector<Prediction> predictions;
  const auto input = [](const std::string& path) { return expand_input(path).front(); };
  const std::string good = splits_.val[0].path.string();
  const PredictionSummary summary =
      predict({info_, model_}, {input(good), input("/nonexistent.mp4"), input(splits_.val[1].path.string())},
              1, [&](const Prediction& prediction) { predictions.push_back(prediction); });
  EXPECT_EQ(summary.inputs, 3);
  EXPECT_EQ(summary.failed, 1);
  EXPECT_EQ(summary.frames, 12);  // decoded: six of each
  ASSERT_EQ(predictions.size(), 3u);
  EXPECT_EQ(predictions[0].top.size(), 1u);
  EXPECT_EQ(predictions[0].frames, 4);
  EXPECT_TRUE(predictions[1].top.empty());
  EXPECT_NE(predictions[1].error.find("/nonexistent.mp4"), std::string::npos);
  EXPECT_EQ(predictions[2].error, "");

  predict({info_, model_}, {input(good)}, 50, [&](const Prediction& prediction) {
    ASSERT_EQ(prediction.top.size(), 2u);
    EXPECT_GE(prediction.top[0].probability, prediction.top[1].probability);
    EXPECT_NEAR(prediction.top[0].probability + prediction.top[1].probability, 1, 1e-9);
  });
}

void expect_same_ablation(const AblationResult& found, const AblationResult& expected) {
  EXPECT_EQ(found.top1, expected.top1);
  EXPECT_EQ(found.majority_class, expected.majority_class);
  ASSERT_EQ(found.changes.size(), expected.changes.size());
  for (std::size_t i = 0; i < expected.changes.size(); ++i) {
    EXPECT_EQ(found.changes[i].from, expected.changes[i].from);
    EXPECT_EQ(found.changes[i].clips, expected.changes[i].clips);
  }
  for (const auto test : {&AblationResult::single_frame, &AblationResult::mean_frame,
                          &AblationResult::reversed, &AblationResult::shuffled}) {
    EXPECT_EQ((found.*test).top1, (expected.*test).top1);
    EXPECT_EQ((found.*test).lost, (expected.*test).lost);
    EXPECT_EQ((found.*test).gained, (expected.*test).gained);
  }
}

void expect_same_result(const EvaluationResult& found, const EvaluationResult& expected) {
  EXPECT_EQ(found.confusion, expected.confusion);
  EXPECT_NEAR(found.loss, expected.loss, 1e-6);
  ASSERT_EQ(found.predictions.size(), expected.predictions.size());
  for (std::size_t i = 0; i < expected.predictions.size(); ++i) {
    EXPECT_EQ(found.predictions[i].name, expected.predictions[i].name);
    EXPECT_NEAR(found.predictions[i].confidence(), expected.predictions[i].confidence(), 1e-6);
  }
  ASSERT_EQ(found.skipped.size(), expected.skipped.size());
  for (std::size_t i = 0; i < expected.skipped.size(); ++i)
    EXPECT_EQ(found.skipped[i].clip, expected.skipped[i].clip);
  expect_same_ablation(found.ablation.value(), expected.ablation.value());
}

class TogetherTest : public EvaluatorTest {
 protected:
  TogetherTest() {
    info_.train_clips = {6, 4};
    info_.settings.data.bad_videos = BadVideos::skip;
    info_.settings.data.max_bad_fraction = 0.5;
    splits_.val.front().path = directory_ / "missing";
    balance();
  }
  EvaluationResult evaluate(const std::vector<ClipRef>& clips) const {
    return evaluate_checkpoint({info_, model_}, clips, CacheUse::none, Ablation::all);
  }
  // Moves the classifier so that each class is predicted for half of the clips, and small changes of the
  // input turn predictions.
  void balance() {
    std::vector<double> odds;
    for (const ClipPrediction& one : evaluate(splits_.train).predictions)
      odds.push_back(std::log(one.probabilities[0] / one.probabilities[1]));
    std::sort(odds.begin(), odds.end());
    const torch::NoGradGuard no_grad;
    model_->named_parameters()["classifier.bias"][1] += (odds[4] + odds[5]) / 2;
  }
  // Five processes get the result of one.
  void check(const std::vector<ClipRef>& clips, const EvaluationResult& one) {
    run_together(5, [&](ProcessGroup& group) {
      // The threads that stand for processes must not share the model.
      const auto model =
          std::make_shared<Recogniser>(info_.settings.model, info_.settings.clip.size, 2, info_.statistics);
      for (std::size_t i = 0; i < model->parameters().size(); ++i)
        model->parameters()[i].set_data(model_->parameters()[i].clone());
      model->eval();
      expect_same_result(evaluate_checkpoint({info_, model}, clips, CacheUse::none, Ablation::all, group),
                         one);
    });
  }
};

TEST_F(TogetherTest, SeveralProcessesGetTheResultOfOne) {
  for (const auto& [sampling, temporal_clips] :
       {std::pair(Sampling::segment, 1), std::pair(Sampling::segment, 2), std::pair(Sampling::all, 1)}) {
    info_.settings.clip.sampling = sampling;
    info_.settings.augment.test_clips = temporal_clips;
    const EvaluationResult one = evaluate(splits_.train);
    ASSERT_GT(one.ablation->changed(), 0);  // or nothing would have to be added up
    check(splits_.train, one);
  }
}

TEST_F(TogetherTest, ProgressIsThatOfAllClips) {
  info_.settings.augment.test_clips = 2;
  run_together(2, [&](ProcessGroup& group) {
    const auto model =
        std::make_shared<Recogniser>(info_.settings.model, info_.settings.clip.size, 2, info_.statistics);
    model->eval();
    std::vector<std::int64_t> done;
    evaluate_checkpoint({info_, model}, splits_.train, CacheUse::none, Ablation::none, group,
                        [&](std::int64_t now, std::int64_t total) {
                          EXPECT_EQ(total, 10);
                          done.push_back(now);
                        });
    EXPECT_LT(done.front(), 10);
    EXPECT_EQ(done.back(), 10);
  });
}

TEST_F(TogetherTest, SomeProcessesMayHaveNoClipOrABadOne) {
  const EvaluationResult one = evaluate(splits_.val);  // 4 clips, one of them bad
  ASSERT_EQ(one.clips, 3);
  ASSERT_EQ(one.skipped.size(), 1U);
  check(splits_.val, one);
}

}  // namespace
}  // namespace actrec
