// A run that is stopped and goes on gives, bit for bit, what it gives when it is never stopped.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "core/atomic_file.h"
#include "core/error.h"
#include "core/stop_signal.h"
#include "core/text.h"
#include "engine/checkpoint.h"
#include "engine/trainer.h"
#include "engine/training_state.h"
#include "frame_folders.h"
#include "models/safetensors.h"
#include "temporary_directory.h"

namespace actrec {
namespace {

namespace fs = std::filesystem;

struct Killed {};

// Stands for the end of the process: in the place of its last step, before anything of it is saved.
class Killer : public TrainingObserver {
 public:
  explicit Killer(int steps) : left_(steps) {}
  void on_step(const StepResult&) override {
    if (left_ > 0 && --left_ == 0) throw Killed();
  }

 private:
  int left_;
};

class Recorder : public TrainingObserver {
 public:
  void on_resume(const std::vector<EpochResult>& results) override { epochs = results; }
  void on_epoch(const EpochResult& result) override { epochs.push_back(result); }
  std::vector<EpochResult> epochs;
};

class ResumeTest : public ::testing::Test {
 protected:
  ResumeTest() : splits_(moving_square_splits(directory_ / "clips")) {}

  // 3 epochs of 3 steps; the training state is saved after each step.
  static Settings settings_saving_each_step() {
    Settings settings = tiny_settings();
    settings.train.checkpoint_minutes = 1e-9;
    return settings;
  }

  fs::path new_run() {
    const fs::path output = directory_ / ("run" + std::to_string(runs_++));
    fs::create_directories(output);
    return output;
  }

  static std::optional<TrainingState> state_in(const fs::path& output) {
    if (!fs::exists(output / kResumeFile)) return std::nullopt;
    return read_training_state(output / kResumeFile);
  }

  TrainingSummary go_on(const Settings& settings, const fs::path& output,
                        const std::vector<TrainingObserver*>& observers) {
    return train(settings, splits_, output, observers, state_in(output));
  }

  static void expect_equal(const NamedTensors& found, const NamedTensors& expected, const std::string& what) {
    ASSERT_EQ(found.size(), expected.size()) << what;
    for (const auto& [name, tensor] : expected) {
      ASSERT_TRUE(found.count(name)) << what << ' ' << name;
      // Bits, not values: -0 is not 0.
      const torch::Tensor& one = found.at(name);
      ASSERT_EQ(one.nbytes(), tensor.nbytes()) << what << ' ' << name;
      EXPECT_EQ(std::memcmp(one.data_ptr(), tensor.data_ptr(), one.nbytes()), 0) << what << ' ' << name;
    }
  }

  // All but times and memory.
  static void expect_same_run(const fs::path& run, const std::vector<EpochResult>& epochs,
                              const fs::path& reference, const std::vector<EpochResult>& expected,
                              const std::string& what) {
    for (const char* name : {kBestCheckpoint, kLastCheckpoint}) {
      const TensorFile one = read_safetensors(run / name), other = read_safetensors(reference / name);
      expect_equal(one.tensors, other.tensors, what + ' ' + name);
      EXPECT_EQ(one.metadata, other.metadata) << what << ' ' << name;
    }
    const TrainingState one = read_training_state(run / kResumeFile);
    const TrainingState other = read_training_state(reference / kResumeFile);
    expect_equal(one.model, other.model, what + " state");
    expect_equal(one.optimization, other.optimization, what + " optimiser");
    ASSERT_EQ(epochs.size(), expected.size()) << what;
    for (std::size_t i = 0; i < epochs.size(); ++i) {
      EXPECT_EQ(epochs[i].epoch, expected[i].epoch) << what;
      EXPECT_EQ(epochs[i].train_loss, expected[i].train_loss) << what;
      EXPECT_EQ(epochs[i].train_top1, expected[i].train_top1) << what;
      EXPECT_EQ(epochs[i].val_loss, expected[i].val_loss) << what;
      EXPECT_EQ(epochs[i].learning_rate, expected[i].learning_rate) << what;
      EXPECT_EQ(epochs[i].best, expected[i].best) << what;
    }
  }

  // Kills the run before each of its steps in turn, and then twice, and lets it go on.
  void expect_exact_resume(const Settings& settings, int steps) {
    const fs::path reference = new_run();
    Recorder expected;
    train(settings, splits_, reference, {&expected});
    for (int step = 1; step <= steps; ++step) {
      const fs::path output = new_run();
      Killer killer(step);
      EXPECT_THROW(go_on(settings, output, {&killer}), Killed);
      if (step > 2 && step < steps) {
        Killer second(2);
        EXPECT_THROW(go_on(settings, output, {&second}), Killed);
      }
      Recorder recorder;
      go_on(settings, output, {&recorder});
      expect_same_run(output, recorder.epochs, reference, expected.epochs,
                      "killed in step " + std::to_string(step));
    }
  }

  TemporaryDirectory directory_;
  DataSplits splits_;
  int runs_ = 0;
};

TEST_F(ResumeTest, IsExactWithEachOptimiser) {
  for (const OptimizerType type : {OptimizerType::adamw, OptimizerType::adam, OptimizerType::sgd}) {
    Settings settings = settings_saving_each_step();
    settings.train.optimizer.type = type;
    expect_exact_resume(settings, 9);
  }
}

// The gradient that has been added up is part of the state.
TEST_F(ResumeTest, IsExactBetweenTheStepsOfAnUpdate) {
  Settings settings = settings_saving_each_step();
  settings.train.batch_size = 2;
  settings.train.accumulate = 3;  // updates after steps 3 and 5
  settings.train.epochs = 2;
  expect_exact_resume(settings, 10);
}

TEST_F(ResumeTest, IsExactWhereTheDeviceChangesClips) {
  Settings settings = settings_saving_each_step();
  settings.augment.on_device = true;
  settings.train.epochs = 2;
  expect_exact_resume(settings, 6);
}

TEST_F(ResumeTest, IsExactWithBatchNormalisationAndDropout) {
  Settings settings = settings_saving_each_step();
  settings.clip.size = FrameSize(32, 32);
  settings.model.encoder.type = EncoderType::mobilenet_v2;
  settings.model.encoder.stages = 2;
  settings.model.temporal.input_dropout = 0.3;
  settings.model.temporal.projection = 8;
  settings.train.epochs = 2;
  expect_exact_resume(settings, 6);
}

TEST_F(ResumeTest, IsExactWithAFrozenEncoderAndStandardisedFeatures) {
  Settings settings = settings_saving_each_step();
  settings.model.encoder.trainable = TrainableStages::none();
  settings.model.temporal.standardize = true;
  settings.train.feature_views = 2;
  settings.data.cache = CacheMode::raw;
  settings.data.cache_dir = directory_ / "cache";
  expect_exact_resume(settings, 9);
}

TEST_F(ResumeTest, IsExactWhileTheEncoderIsUnfrozen) {
  Settings settings = settings_saving_each_step();
  settings.model.encoder.unfreeze_epochs = 1;
  settings.normalize = NormalizationType::dataset;
  expect_exact_resume(settings, 9);
}

TEST_F(ResumeTest, IsExactWithWhatDependsOnEarlierEpochs) {
  Settings settings = settings_saving_each_step();
  for (ClipRef& clip : splits_.val) clip.label = 1 - clip.label;  // the validation loss rises
  settings.train.epochs = 8;
  settings.train.schedule.type = ScheduleType::plateau;
  settings.train.schedule.patience = 1;
  settings.train.schedule.warmup_epochs = 0;
  settings.train.early_stopping.patience = 3;
  const fs::path reference = new_run(), output = new_run();
  Recorder expected, recorder;
  const TrainingSummary summary = train(settings, splits_, reference, {&expected});
  ASSERT_EQ(summary.reason, StopReason::early_stopping);
  ASSERT_LT(expected.epochs.size(), 8u);
  for (std::size_t epoch = 0; epoch < expected.epochs.size(); ++epoch) {
    Killer killer(4);
    try {
      go_on(settings, output, {&killer});
    } catch (const Killed&) {
    }
  }
  const TrainingSummary again = go_on(settings, output, {&recorder});
  EXPECT_EQ(again.reason, StopReason::early_stopping);
  EXPECT_EQ(again.best_epoch, summary.best_epoch);
  EXPECT_EQ(again.best.val_loss, summary.best.val_loss);
  expect_same_run(output, recorder.epochs, reference, expected.epochs, "plateau");
}

// Ctrl-C after every step; after the last step of an epoch it comes while the model is validated.
TEST_F(ResumeTest, IsExactWhenInterruptedAtEveryStep) {
  class Interrupter : public TrainingObserver {
    void on_step(const StepResult&) override { ::raise(SIGINT); }
  };
  Settings settings = tiny_settings();  // an interruption saves by itself
  const fs::path reference = new_run(), output = new_run();
  Recorder expected, recorder;
  train(settings, splits_, reference, {&expected});
  int interruptions = 0;
  for (int exit_code = 130; exit_code == 130; ++interruptions) {
    ASSERT_LT(interruptions, 30);
    const pid_t child = ::fork();  // the request to stop is for a whole process
    if (child == 0) {
      install_stop_handler();
      Interrupter interrupter;
      const TrainingSummary summary = go_on(settings, output, {&interrupter});
      ::_exit(summary.reason == StopReason::interrupted ? 130 : 0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFEXITED(status));
    exit_code = WEXITSTATUS(status);
    ASSERT_TRUE(exit_code == 130 || exit_code == 0);
    // The weights of that moment can be used.
    EXPECT_NO_THROW(load_checkpoint(output / kLastCheckpoint));
  }
  EXPECT_EQ(interruptions, 10);  // after each of 9 steps, and the end
  go_on(settings, output, {&recorder});
  expect_same_run(output, recorder.epochs, reference, expected.epochs, "interrupted");
}

TEST_F(ResumeTest, AFinishedRunEndsAtOnce) {
  const Settings settings = tiny_settings();
  const fs::path output = new_run();
  const TrainingSummary summary = train(settings, splits_, output, {});
  const std::string last = read_file(output / kLastCheckpoint);
  Killer no_step(1);
  const TrainingSummary again = go_on(settings, output, {&no_step});
  EXPECT_EQ(again.reason, StopReason::finished);
  EXPECT_EQ(again.epochs, 3);
  EXPECT_EQ(again.best_epoch, summary.best_epoch);
  EXPECT_EQ(again.best.val_top1, summary.best.val_top1);
  EXPECT_EQ(read_file(output / kLastCheckpoint), last);
}

TEST_F(ResumeTest, MoreEpochsGoOnFromTheLast) {
  Settings settings = tiny_settings();
  settings.train.schedule.type = ScheduleType::constant;
  settings.train.early_stopping.monitor = Monitor::none;
  settings.train.epochs = 2;
  const fs::path output = new_run(), reference = new_run();
  train(settings, splits_, output, {});
  settings.train.epochs = 4;
  Recorder recorder, expected;
  go_on(settings, output, {&recorder});
  train(settings, splits_, reference, {&expected});
  expect_same_run(output, recorder.epochs, reference, expected.epochs, "more epochs");
}

// The process ended after it had published the training state, and before the best model.
TEST_F(ResumeTest, MakesTheBestModelWhereTheProcessEndedBeforeIt) {
  Settings settings = tiny_settings();
  settings.train.early_stopping.monitor = Monitor::none;  // each epoch is the best so far
  const fs::path output = new_run();
  train(settings, splits_, output, {});
  const std::string best = read_file(output / kBestCheckpoint);
  const fs::path shorter = new_run();
  settings.train.schedule.type = ScheduleType::constant;
  settings.train.epochs = 1;
  train(settings, splits_, shorter, {});
  fs::copy_file(shorter / kBestCheckpoint, output / kBestCheckpoint, fs::copy_options::overwrite_existing);
  settings = tiny_settings();
  settings.train.early_stopping.monitor = Monitor::none;
  go_on(settings, output, {});
  EXPECT_EQ(read_file(output / kBestCheckpoint), best);
  fs::remove(output / kBestCheckpoint);
  go_on(settings, output, {});
  EXPECT_EQ(read_file(output / kBestCheckpoint), best);
}

TEST_F(ResumeTest, RefusesABestModelThatIsNotOfTheRun) {
  Settings settings = settings_saving_each_step();
  const fs::path output = new_run();
  Killer killer(5);
  EXPECT_THROW(go_on(settings, output, {&killer}), Killed);
  fs::remove(output / kBestCheckpoint);
  EXPECT_THROW(go_on(settings, output, {}), CheckpointError);
}

TEST_F(ResumeTest, ADamagedStateIsRefused) {
  const Settings settings = tiny_settings();
  const fs::path output = new_run();
  train(settings, splits_, output, {});
  TensorFile file = read_safetensors(output / kResumeFile);
  const TensorFile whole = file;
  const auto expect_refused = [&](const char* what) {
    write_safetensors(output / kResumeFile, file);
    EXPECT_THROW(go_on(settings, output, {}), CheckpointError) << what;
    file = whole;
  };
  file.metadata["position"] = "{}";
  expect_refused("position");
  file.metadata.erase("machine");
  expect_refused("machine");
  file.metadata["format"] = "something else";
  expect_refused("format");
  file.tensors.erase("meter.hits");
  expect_refused("meter");
  file.tensors.erase("model.classifier.bias");
  expect_refused("model");
  file.tensors.erase("training.optimizer.classifier.bias.exp_avg_sq");
  expect_refused("moments");
  file.tensors["training.optimizer.classifier.bias.exp_avg"] = torch::zeros({5});
  expect_refused("shape");
  file.tensors["training.optimizer.classifier.bias.momentum_buffer"] = torch::zeros({2});
  expect_refused("another optimiser");
  file.tensors["training.gradient.nothing"] = torch::zeros({5});
  expect_refused("gradient");
  fs::copy_file(output / kLastCheckpoint, output / kResumeFile, fs::copy_options::overwrite_existing);
  EXPECT_THROW(go_on(settings, output, {}), CheckpointError);
}

// Earlier versions did not measure GPUs; other figures that are missing are damage.
TEST_F(ResumeTest, AStateWithoutFiguresOfAGpuIsRead) {
  const fs::path output = new_run();
  train(tiny_settings(), splits_, output, {});
  const std::string saved = read_file(output / kResumeFile);
  const auto rename = [&](const std::string& key) {
    std::string changed = saved;
    for (auto at = changed.find(key); at != std::string::npos; at = changed.find(key)) changed[at] = 'x';
    write_file_atomically(output / kResumeFile, changed);
  };
  rename("gpu_");
  const TrainingState state = state_in(output).value();
  ASSERT_FALSE(state.position.epochs.empty());
  EXPECT_GT(state.position.epochs.back().peak_rss_mb, 0);
  EXPECT_EQ(state.position.epochs.back().gpu.memory_mb, 0);
  rename("peak_rss_mb");
  EXPECT_THROW(state_in(output), CheckpointError);
}

}  // namespace
}  // namespace actrec
