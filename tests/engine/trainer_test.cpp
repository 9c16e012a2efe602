#include "engine/trainer.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>

#include "core/error.h"
#include "core/stop_signal.h"
#include "data/loader.h"
#include "engine/calibration.h"
#include "engine/checkpoint.h"
#include "engine/evaluator.h"
#include "engine/replay.h"
#include "frame_folders.h"
#include "temporary_directory.h"

namespace actrec {
namespace {

class Recorder : public TrainingObserver {
 public:
  void on_epoch(const EpochResult& result) override { epochs.push_back(result); }
  std::vector<EpochResult> epochs;
};

class TrainerTest : public ::testing::Test {
 protected:
  TrainerTest() : splits_(moving_square_splits(directory_ / "clips")) {}

  std::vector<EpochResult> train_with(const Settings& settings, TrainingSummary* summary = nullptr) {
    const auto output = directory_ / ("run" + std::to_string(runs_++));
    std::filesystem::create_directories(output);
    Recorder recorder;
    const TrainingSummary result = train(settings, splits_, output, {&recorder});
    if (summary != nullptr) *summary = result;
    return recorder.epochs;
  }

  TemporaryDirectory directory_;
  DataSplits splits_;
  int runs_ = 0;
};

TEST_F(TrainerTest, LearnsWhatOnlyTimeTellsApart) {
  Settings settings = tiny_settings();
  settings.train.epochs = 30;
  settings.train.early_stopping.patience = 0;
  settings.augment.enabled = false;
  TrainingSummary summary;
  const auto epochs = train_with(settings, &summary);
  EXPECT_LT(epochs.back().train_loss, epochs.front().train_loss);
  EXPECT_EQ(summary.best.val_top1, 1.0);
  EXPECT_EQ(summary.reason, StopReason::finished);
}

TEST_F(TrainerTest, GivesTheSameNumbersForAnyNumberOfWorkers) {
  Settings settings = tiny_settings();
  const auto reference = train_with(settings);
  for (const int workers : {0, 1, 2, 4}) {
    settings.data.workers = workers;
    const auto epochs = train_with(settings);
    ASSERT_EQ(epochs.size(), reference.size());
    for (std::size_t i = 0; i < epochs.size(); ++i) {
      EXPECT_EQ(epochs[i].train_loss, reference[i].train_loss) << workers << " workers, epoch " << i + 1;
      EXPECT_EQ(epochs[i].val_loss, reference[i].val_loss) << workers << " workers, epoch " << i + 1;
    }
  }
  settings.train.seed = 2;
  EXPECT_NE(train_with(settings).front().train_loss, reference.front().train_loss);
}

TEST_F(TrainerTest, ObserversHearOfBestEpochsAndWithoutAMonitoredValueOfTheLast) {
  class BestEpochs : public TrainingObserver {
   public:
    void on_epoch(const EpochResult& result) override {
      if (result.best) best.push_back(result.epoch);
    }
    void on_best_epoch(const EpochResult& result, const EvaluationResult&) override {
      told.push_back(result.epoch);
    }
    std::vector<int> best, told;
  };
  Settings settings = tiny_settings();
  for (const Monitor monitor : {Monitor::val_loss, Monitor::none}) {
    settings.train.early_stopping.monitor = monitor;
    const auto output = directory_ / ("run" + std::to_string(runs_++));
    std::filesystem::create_directories(output);
    BestEpochs epochs;
    train(settings, splits_, output, {&epochs});
    ASSERT_FALSE(epochs.best.empty());
    EXPECT_EQ(epochs.told, monitor == Monitor::none ? std::vector<int>{settings.train.epochs} : epochs.best);
  }
}

TEST_F(TrainerTest, KeepsTheBestEpochNotTheLast) {
  Settings settings = tiny_settings();
  settings.train.epochs = 12;
  // What it learns is wrong for these clips, so the validation loss rises in the end.
  for (ClipRef& clip : splits_.val) clip.label = 1 - clip.label;
  TrainingSummary summary;
  const auto epochs = train_with(settings, &summary);
  std::size_t best = 0;
  for (std::size_t i = 1; i < epochs.size(); ++i) {
    if (epochs[i].val_loss < epochs[best].val_loss) best = i;
  }
  ASSERT_LT(best + 1, epochs.size());
  EXPECT_EQ(summary.best_epoch, static_cast<int>(best) + 1);

  Checkpoint checkpoint = load_checkpoint(summary.best_checkpoint);
  EXPECT_EQ(checkpoint.info.epoch, summary.best_epoch);
  Loader loader(make_pipeline(settings, CacheUse::none), {4, 0, 0});
  const EvaluationResult again =
      evaluate_clips(*checkpoint.model, torch::kCPU, splits_.val, splits_.classes, loader);
  EXPECT_NEAR(again.loss, epochs[best].val_loss, 1e-6);
  EXPECT_EQ(load_checkpoint(summary.last_checkpoint).info.epoch, static_cast<int>(epochs.size()));
}

TEST_F(TrainerTest, FitsTheTemperatureOfEachCheckpointOnTheValidationSplit) {
  TrainingSummary summary;
  train_with(tiny_settings(), &summary);
  for (const auto& path : {summary.best_checkpoint, summary.last_checkpoint}) {
    Checkpoint checkpoint = load_checkpoint(path);
    const double stored = checkpoint.info.temperature;
    EXPECT_NE(stored, 1);
    checkpoint.info.temperature = 1;
    const EvaluationResult val = evaluate_checkpoint(checkpoint, splits_.val, CacheUse::none, Ablation::none);
    EXPECT_NEAR(fit_temperature(val.predictions), stored, 1e-4 * stored);
  }
}

TEST_F(TrainerTest, StopsEarlyWhenPatienceRunsOut) {
  Settings settings = tiny_settings();
  settings.train.epochs = 50;
  settings.train.early_stopping.patience = 2;
  settings.train.early_stopping.min_delta = 1000;
  TrainingSummary summary;
  EXPECT_EQ(train_with(settings, &summary).size(), 3u);
  EXPECT_EQ(summary.reason, StopReason::early_stopping);
  EXPECT_EQ(summary.best_epoch, 1);
}

// Two batches of two clips whose gradients are added give the step of one batch of four.
TEST_F(TrainerTest, AccumulatesGradientsToTheStepOfALargerBatch) {
  Settings settings = tiny_settings();
  settings.model.dropout = 0;
  settings.train.epochs = 1;
  splits_.train.resize(8);
  settings.train.batch_size = 4;
  const auto large = train_with(settings);
  settings.train.batch_size = 2;
  settings.train.accumulate = 2;
  const auto accumulated = train_with(settings);
  EXPECT_NEAR(accumulated[0].val_loss, large[0].val_loss, 1e-5);
  settings.train.accumulate = 1;
  EXPECT_GT(std::abs(train_with(settings)[0].val_loss - large[0].val_loss), 1e-5);
}

TEST_F(TrainerTest, KeptFeaturesChangeNothing) {
  Settings settings = tiny_settings();
  settings.model.encoder.trainable = TrainableStages::none();
  settings.train.feature_views = 2;
  settings.train.epochs = 5;
  settings.data.cache = CacheMode::off;
  const auto reference = train_with(settings);
  settings.data.cache = CacheMode::raw;
  settings.data.cache_dir = directory_ / "cache";
  for (const char* run : {"first", "second"}) {
    const auto epochs = train_with(settings);
    for (std::size_t i = 0; i < epochs.size(); ++i) {
      EXPECT_EQ(epochs[i].train_loss, reference[i].train_loss) << run << " run, epoch " << i + 1;
      EXPECT_EQ(epochs[i].val_loss, reference[i].val_loss) << run << " run, epoch " << i + 1;
    }
  }
}

TEST_F(TrainerTest, LearnsTheSameButForRoundingWhereTheDeviceChangesClips) {
  Settings settings = tiny_settings();
  settings.train.learning_rate = 1e-4;
  const auto reference = train_with(settings);
  settings.augment.on_device = true;
  const auto epochs = train_with(settings);
  ASSERT_EQ(epochs.size(), reference.size());
  for (std::size_t i = 0; i < epochs.size(); ++i) {
    EXPECT_NE(epochs[i].train_loss, reference[i].train_loss);
    EXPECT_NEAR(epochs[i].train_loss, reference[i].train_loss, 2e-3);
    EXPECT_NEAR(epochs[i].val_loss, reference[i].val_loss, 2e-3);
  }
  settings.data.workers = 2;
  EXPECT_EQ(train_with(settings).back().train_loss, epochs.back().train_loss);
}

TEST_F(TrainerTest, UnfreezesTheEncoderStageByStage) {
  Settings settings = tiny_settings();  // an encoder of two stages
  settings.model.encoder.unfreeze_epochs = 1;
  const auto weights_after = [&](int epochs) {
    settings.train.epochs = epochs;
    TrainingSummary summary;
    train_with(settings, &summary);
    const Checkpoint checkpoint = load_checkpoint(summary.last_checkpoint);
    const auto parameters = checkpoint.model->named_parameters();
    return std::pair(parameters["encoder.blocks.0.conv.weight"], parameters["encoder.blocks.1.conv.weight"]);
  };
  settings.train.schedule.type = ScheduleType::constant;  // the same rate whatever the number of epochs
  const auto [first_1, second_1] = weights_after(1);
  const auto [first_2, second_2] = weights_after(2);
  const auto [first_3, second_3] = weights_after(3);
  EXPECT_TRUE(torch::equal(first_1, first_2)) << "frozen in epochs 1 and 2";
  EXPECT_FALSE(torch::equal(first_2, first_3));
  EXPECT_FALSE(torch::equal(second_1, second_2));
  EXPECT_FALSE(torch::equal(second_2, second_3));
}

TEST_F(TrainerTest, NamesTheClipThatCannotBeRead) {
  std::filesystem::remove_all(splits_.train[3].path);
  for (const int workers : {0, 2}) {
    Settings settings = tiny_settings();
    settings.data.workers = workers;
    try {
      train_with(settings);
      FAIL();
    } catch (const DataError& error) {
      EXPECT_NE(std::string(error.what()).find(splits_.train[3].path.string()), std::string::npos)
          << error.what();
    }
  }
}

// No normalisation layer and no squashing function between huge inputs and the loss.
Settings diverging_settings() {
  Settings settings = tiny_settings();
  settings.model.encoder.type = EncoderType::dense;
  settings.model.temporal.type = TemporalType::mean;
  settings.train.optimizer.type = OptimizerType::sgd;
  settings.train.learning_rate = 100;
  settings.train.schedule.warmup_epochs = 0;
  settings.train.epochs = 30;
  settings.normalize = Normalization(NormalizationType::values);
  settings.normalize.std = {1e-30, 1e-30, 1e-30};
  return settings;
}

TEST_F(TrainerTest, StopsAtTheStepThatIsNotFiniteAndKeepsItForAReplay) {
  for (const double clip : {0.0, 1e30}) {  // seen in each gradient; and where it is clipped
    for (const int accumulate : {1, 2}) {
      Settings settings = diverging_settings();
      settings.train.optimizer.gradient_clip = clip;
      settings.train.accumulate = accumulate;
      const auto output = directory_ / "diverging";
      std::filesystem::remove_all(output);
      std::filesystem::create_directories(output);
      std::string what;
      try {
        train(settings, splits_, output, {});
        FAIL();
      } catch (const Error& error) {
        what = error.what();
        EXPECT_NE(error.hint().find("--replay " + (output / kReplayFile).string()), std::string::npos);
      }
      const TrainingState before = read_training_state(output / kReplayFile);
      const ReplayResult again = replay(before, splits_, output / kReplayFile);
      EXPECT_FALSE(again.is_finite());
      EXPECT_TRUE(again.bad_weights.empty());  // of the step before, which was finite
      EXPECT_NE(what.find(fmt::format("in epoch {} is not finite", again.epoch)), std::string::npos) << what;
      ASSERT_LE(again.batches.size(), static_cast<std::size_t>(accumulate));
      for (const std::string& clip_name : again.batches.front().clips)
        EXPECT_NE(what.find(clip_name), std::string::npos) << what;
      // What was saved before is whole, and its weights are finite.
      if (again.epoch > 1) {
        const Checkpoint checkpoint = load_checkpoint(output / kLastCheckpoint);
        for (const torch::Tensor& parameter : checkpoint.model->parameters())
          EXPECT_TRUE(torch::isfinite(parameter).all().item<bool>());
      }
    }
  }
}

TEST_F(TrainerTest, ReplaysClipsThatTheDeviceChanges) {
  Settings settings = diverging_settings();
  settings.augment.on_device = true;
  const auto output = directory_ / "diverging";
  std::filesystem::create_directories(output);
  EXPECT_THROW(train(settings, splits_, output, {}), Error);
  const TrainingState before = read_training_state(output / kReplayFile);
  EXPECT_FALSE(replay(before, splits_, output / kReplayFile).is_finite());
}

TEST_F(TrainerTest, RefusesSamplingThatCannotBeBatched) {
  Settings settings = tiny_settings();
  settings.clip.sampling = Sampling::all;
  EXPECT_THROW(train_with(settings), ConfigError);
}

TEST_F(TrainerTest, SavesAndReturnsWhenAskedToStop) {
  class Stopper : public TrainingObserver {
    void on_step(const StepResult& result) override {
      if (result.epoch == 2) ::raise(SIGINT);
    }
  } stopper;
  const auto output = directory_ / "stopped";
  std::filesystem::create_directories(output);
  const pid_t child = ::fork();  // the request to stop is for a whole process
  if (child == 0) {
    install_stop_handler();
    const TrainingSummary summary = train(tiny_settings(), splits_, output, {&stopper});
    ::_exit(summary.reason == StopReason::interrupted && summary.epochs == 1 ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(load_checkpoint(output / "last.safetensors").info.epoch, 1);
}

}  // namespace
}  // namespace actrec
