// Whatever operation on files fails, and whenever: a clear error, no file that was whole is lost or damaged,
// and the run goes on to the result that it would have had.

#include <gtest/gtest.h>

#include <cerrno>

#include "core/error.h"
#include "engine/checkpoint.h"
#include "engine/trainer.h"
#include "failing_disk.h"
#include "frame_folders.h"
#include "models/safetensors.h"
#include "temporary_directory.h"

namespace actrec {
namespace {

namespace fs = std::filesystem;

class DiskFaultsTest : public ::testing::Test {
 protected:
  DiskFaultsTest() : splits_(moving_square_splits(directory_ / "clips")) {
    splits_.train.resize(4);
    splits_.val.resize(2);
    settings_ = tiny_settings();
    settings_.model.encoder.channels = {4};
    settings_.model.temporal.type = TemporalType::mean;
    settings_.train.memory_format = MemoryFormat::contiguous;
    settings_.train.epochs = 2;
  }

  TrainingSummary run(const fs::path& output) {
    fs::create_directories(output);
    std::optional<TrainingState> state;
    if (fs::exists(output / kResumeFile)) state = read_training_state(output / kResumeFile);
    return train(settings_, splits_, output, {}, std::move(state));
  }

  static void expect_whole(const fs::path& output, int at) {
    for (const char* name : {kBestCheckpoint, kLastCheckpoint}) {
      if (!fs::exists(output / name)) continue;
      EXPECT_NO_THROW(load_checkpoint(output / name)) << name << ' ' << at;
    }
    if (!fs::exists(output / kResumeFile)) return;
    EXPECT_NO_THROW(read_training_state(output / kResumeFile)) << at;
  }

  static void expect_same(const fs::path& one, const fs::path& other, int at) {
    for (const char* name : {kBestCheckpoint, kLastCheckpoint}) {
      const NamedTensors found = read_safetensors(one / name).tensors;
      for (const auto& [key, tensor] : read_safetensors(other / name).tensors)
        EXPECT_TRUE(torch::equal(found.at(key), tensor)) << name << ' ' << key << ' ' << at;
    }
  }

  // Fails at each operation in turn.
  void expect_nothing_lost(int error, bool for_good, const std::string& reason) {
    const fs::path reference = directory_ / "reference";
    int operations = 0;
    {
      const FailingDisk none(0, 0);
      run(reference);
      operations = FailingDisk::operations();
    }
    ASSERT_GT(operations, 60);
    int errors = 0;
    for (int at = 1; at <= operations; ++at) {
      const fs::path output = directory_ / std::to_string(at);
      bool failed = false;
      {
        const FailingDisk disk(at, error, for_good);
        try {
          run(output);
        } catch (const Error& failure) {
          failed = true;
          EXPECT_EQ(failure.exit_code(), ExitCode::failure);
          const std::string what = failure.what();
          EXPECT_NE(what.find(output.string()), std::string::npos) << what;
          EXPECT_NE(what.find(reason), std::string::npos) << what;
          EXPECT_FALSE(failure.hint().empty());
        }
      }
      errors += failed ? 1 : 0;
      expect_whole(output, at);
      run(output);
      expect_same(output, reference, at);
      fs::remove_all(output);
    }
    // Closing the directory, once it has been synchronised, has nothing to lose.
    EXPECT_GE(errors, operations - 6);
  }

  TemporaryDirectory directory_;
  DataSplits splits_;
  Settings settings_;
};

TEST_F(DiskFaultsTest, AFullDiskLosesNothing) {
  expect_nothing_lost(ENOSPC, true, "No space left on device");
}

TEST_F(DiskFaultsTest, AnOperationThatFailsLosesNothing) {
  expect_nothing_lost(EIO, false, "Input/output error");
}

TEST_F(DiskFaultsTest, ShortWritesAreGoneOnWith) {
  run(directory_ / "reference");
  {
    const FailingDisk disk(0, 0, false, true);
    run(directory_ / "short");
  }
  expect_same(directory_ / "short", directory_ / "reference", 0);
}

TEST_F(DiskFaultsTest, ADirectoryThatIsRemovedWhileItIsUsed) {
  class Remover : public TrainingObserver {
   public:
    explicit Remover(fs::path output) : output_(std::move(output)) {}
    void on_epoch(const EpochResult&) override { fs::remove_all(output_); }

   private:
    fs::path output_;
  } remover(directory_ / "run");
  fs::create_directories(directory_ / "run");
  try {
    train(settings_, splits_, directory_ / "run", {&remover});
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("No such file or directory"), std::string::npos) << error.what();
    EXPECT_EQ(error.exit_code(), ExitCode::failure);
  }
}

}  // namespace
}  // namespace actrec
