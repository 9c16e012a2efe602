#include "data/unchanged_frames.h"

#include <gtest/gtest.h>

#include <vector>

namespace actrec {
namespace {

// Writes a frame of that size whose samples are all `level`.
void write(UnchangedFrames& frames, std::size_t i, cv::Size size, int level) {
  cv::Mat place = frames.place(i, size);
  ASSERT_EQ(place.size(), size);
  ASSERT_EQ(place.type(), CV_8UC3);
  place.setTo(cv::Scalar::all(level));
}

bool is_everywhere(const torch::Tensor& frame, int height, int width, int level) {
  return frame.narrow(0, 0, height).narrow(1, 0, width).eq(level).all().item<bool>();
}

TEST(UnchangedFrames, AreInTheMemoryOfTheirBatchWhereTheyFit) {
  const torch::Tensor batch = torch::zeros({2, 2, 5, 7, 3}, torch::kUInt8);
  UnchangedFrames frames(batch[1]);
  write(frames, 0, {7, 5}, 10);
  write(frames, 1, {4, 3}, 20);
  EXPECT_FALSE(frames.outgrew_memory());
  EXPECT_TRUE(batch[0].eq(0).all().item<bool>());
  EXPECT_TRUE(is_everywhere(batch[1][0], 5, 7, 10));
  EXPECT_TRUE(is_everywhere(batch[1][1], 3, 4, 20));
  EXPECT_EQ(batch[1][1].eq(20).sum().item<int>(), 3 * 4 * 3) << "what lies beside a frame stays";
}

// The frames of one clip may have different sizes.
TEST(UnchangedFrames, MoveToMemoryOfTheirOwnWhereTheyDoNotFitAndKeepWhatWasWritten) {
  const torch::Tensor batch = torch::zeros({1, 3, 0, 0, 3}, torch::kUInt8);
  UnchangedFrames frames(batch[0]);
  write(frames, 0, {6, 4}, 10);
  write(frames, 1, {3, 8}, 20);  // higher, not as wide
  write(frames, 2, {9, 2}, 30);
  EXPECT_TRUE(frames.outgrew_memory());
  ASSERT_EQ(frames.pixels().sizes(), (std::vector<std::int64_t>{3, 8, 9, 3}));
  EXPECT_TRUE(is_everywhere(frames.pixels()[0], 4, 6, 10));
  EXPECT_TRUE(is_everywhere(frames.pixels()[1], 8, 3, 20));
  EXPECT_TRUE(is_everywhere(frames.pixels()[2], 2, 9, 30));
}

}  // namespace
}  // namespace actrec
