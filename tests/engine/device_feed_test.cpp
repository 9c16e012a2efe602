#include "engine/device_feed.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "engine/simulated_device.h"

namespace actrec {
namespace {

using testing::SimulatedDevice;

constexpr int kDepth = static_cast<int>(DeviceFeed::kDepth);

// Batches of different sizes, each of which has its number everywhere.
std::vector<Batch> numbered_batches() {
  std::vector<Batch> batches;
  for (const std::int64_t size : {4, 2, 4, 5, 5, 1, 5, 3, 6, 6, 6, 6}) {
    const auto number = static_cast<std::int64_t>(batches.size()) + 1;
    Batch batch;
    batch.clips = torch::full({size, 2, 8, 8, 3}, number, torch::kUInt8);
    batch.labels = torch::full({size}, number, torch::kInt64);
    batch.indices.assign(static_cast<std::size_t>(size), batches.size());
    if (number % 2 == 0) {
      batch.changes.emplace();
      batch.changes->values = torch::full({size, 1, 2}, number, torch::kFloat32);
      batch.changes->size = {7, 5};
    }
    batches.push_back(batch);
  }
  return batches;
}

// The number that is everywhere in the memory of a device's tensor; -1 where it isn't one.
template <typename Number>
std::int64_t number_in(const torch::Tensor& tensor) {
  const auto* const first = static_cast<const Number*>(tensor.data_ptr());
  const bool same = std::all_of(first, first + tensor.numel(), [&](Number n) { return n == *first; });
  return same ? static_cast<std::int64_t>(*first) : -1;
}

class Feeding : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override { device_.reset(GetParam()); }
  // Launches work that reads the batch.
  void read(const Batch& batch) {
    device_.launch([this, clips = batch.clips, labels = batch.labels] {
      seen_.push_back({number_in<std::uint8_t>(clips), number_in<std::int64_t>(labels)});
    });
  }
  SimulatedDevice& device_ = SimulatedDevice::instance();
  std::vector<std::pair<std::int64_t, std::int64_t>> seen_;  // clips, labels
};

// Whether the device computes as soon as it can, or as late as it may.
INSTANTIATE_TEST_SUITE_P(Orders, Feeding, ::testing::Bool());

TEST_P(Feeding, EveryBatchIsReadAsItWas) {
  DeviceFeed feed(SimulatedDevice::device());
  const std::vector<Batch> batches = numbered_batches();
  for (const Batch& batch : batches) {
    const Batch there = feed.to_device(batch);
    EXPECT_EQ(there.clips.device(), SimulatedDevice::device());
    EXPECT_EQ(there.clips.sizes(), batch.clips.sizes());
    EXPECT_EQ(there.labels.sizes(), batch.labels.sizes());
    EXPECT_EQ(there.indices, batch.indices);
    read(there);
    ASSERT_EQ(there.changes.has_value(), batch.changes.has_value());
    if (!there.changes) continue;
    EXPECT_EQ(there.changes->size, batch.changes->size);
    EXPECT_EQ(there.changes->values.device(), SimulatedDevice::device());
    device_.launch([values = there.changes->values, number = batch.changes->values[0][0][0].item<float>()] {
      EXPECT_EQ(number_in<float>(values), static_cast<std::int64_t>(number));
    });
  }
  EXPECT_TRUE(device_.finish());
  ASSERT_EQ(seen_.size(), batches.size());
  for (std::size_t i = 0; i < seen_.size(); ++i) {
    EXPECT_EQ(seen_[i].first, static_cast<std::int64_t>(i) + 1);
    EXPECT_EQ(seen_[i].second, static_cast<std::int64_t>(i) + 1);
  }
}

TEST_P(Feeding, TheHostWaitsForTheOldestBatchOnly) {
  DeviceFeed feed(SimulatedDevice::device());
  const std::vector<Batch> batches = numbered_batches();
  for (int i = 0; i < kDepth; ++i) read(feed.to_device(batches[static_cast<std::size_t>(i)]));
  EXPECT_EQ(device_.executed(), 0);
  read(feed.to_device(batches[DeviceFeed::kDepth]));
  EXPECT_EQ(seen_.size(), 1U);
}

TEST_P(Feeding, ABatchThatIsThereStaysAsItIs) {
  DeviceFeed feed(SimulatedDevice::device());
  const Batch there = feed.to_device(numbered_batches().front());
  const Batch again = feed.to_device(there);
  EXPECT_EQ(again.clips.data_ptr(), there.clips.data_ptr());
  EXPECT_EQ(again.labels.data_ptr(), there.labels.data_ptr());
}

// Copies need not wait for what is computed.
TEST(DeviceFeed, CopiesRunBesideComputing) {
  SimulatedDevice& device = SimulatedDevice::instance();
  device.reset(true);
  DeviceFeed feed(SimulatedDevice::device());
  bool computed = false;
  device.enqueue(0, [&] { return computed; });  // takes long
  const std::vector<Batch> batches = numbered_batches();
  const Batch first = feed.to_device(batches[0]), second = feed.to_device(batches[1]);
  EXPECT_FALSE(device.finish());
  EXPECT_EQ(number_in<std::uint8_t>(first.clips), 1);
  EXPECT_EQ(number_in<std::uint8_t>(second.clips), 2);
  computed = true;
  EXPECT_TRUE(device.finish());
}

TEST(DeviceFeed, OnTheCpuNothingIsCopied) {
  DeviceFeed feed(torch::kCPU);
  const Batch batch = numbered_batches().front();
  EXPECT_EQ(feed.to_device(batch).clips.data_ptr(), batch.clips.data_ptr());
}

}  // namespace
}  // namespace actrec
