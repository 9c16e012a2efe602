#include "engine/unchecked_updates.h"

#include <gtest/gtest.h>

#include <cmath>

#include "frame_folders.h"

namespace actrec {
namespace {

class UncheckedUpdatesTest : public ::testing::Test {
 protected:
  UncheckedUpdatesTest() {
    torch::manual_seed(1);
    model_ = std::make_shared<Recogniser>(settings_.model, settings_.clip.size, 2,
                                          PixelStatistics{{0.5, 0.5, 0.5}, {0.2, 0.2, 0.2}});
    step_ = std::make_unique<TrainingStep>(model_, settings_, torch::Tensor(), torch::kCPU);
  }
  // Update `number`, of two batches and of the clip of that number.
  void update(UncheckedUpdates& updates, int number, bool bad) {
    Batch batch;
    batch.clips = torch::randint(0, 256, {2, 4, 16, 16, 3}, torch::kUInt8);
    batch.labels = torch::arange(2);
    step_->add_gradient(batch);
    if (bad) model_->parameters().back().mutable_grad()[0] = std::nan("");
    step_->update(0.01);
    updates.add({2 * number, 2}, {static_cast<std::size_t>(number)});
  }

  Settings settings_ = tiny_settings();
  std::shared_ptr<Recogniser> model_;
  std::unique_ptr<TrainingStep> step_;
};

TEST_F(UncheckedUpdatesTest, NamesTheFirstThatFailed) {
  UncheckedUpdates updates(torch::kCPU);
  for (int number = 0; number < 3; ++number) update(updates, number, false);
  EXPECT_FALSE(updates.find_failed(*step_).has_value());
  for (int number = 3; number < 8; ++number) update(updates, number, number == 5);
  const auto failed = updates.find_failed(*step_);
  ASSERT_TRUE(failed.has_value());
  EXPECT_EQ(failed->group.first, 10);
  EXPECT_EQ(failed->clips, std::vector<std::size_t>{5});
}

TEST_F(UncheckedUpdatesTest, TheCpuIsAskedEveryTimeAndADeviceNowAndThen) {
  UncheckedUpdates on_cpu(torch::kCPU), on_device({torch::kCUDA, 0});
  EXPECT_FALSE(on_cpu.are_due());
  on_cpu.add({0, 1}, {});
  on_device.add({0, 1}, {});
  EXPECT_TRUE(on_cpu.are_due());
  EXPECT_FALSE(on_device.are_due());
  for (std::size_t i = 1; i < UncheckedUpdates::kMostOnDevice; ++i) {
    EXPECT_FALSE(on_device.are_due());
    on_device.add({0, 1}, {});
  }
  EXPECT_TRUE(on_device.are_due());
}

}  // namespace
}  // namespace actrec
