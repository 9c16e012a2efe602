#include "data/motion.h"

#include <gtest/gtest.h>

namespace actrec {
namespace {

TEST(Motion, TakesFramesAroundTheFrameWithinTheClip) {
  using Frames = std::array<std::int64_t, kMotionFrames>;
  EXPECT_EQ(motion_frames(10, 20), (Frames{7, 9, 11, 13}));
  EXPECT_EQ(motion_frames(0, 20), (Frames{0, 0, 1, 3}));
  EXPECT_EQ(motion_frames(18, 20), (Frames{15, 17, 19, 19}));
  EXPECT_EQ(motion_frames(0, 1), (Frames{0, 0, 0, 0}));
  const FrameChooser choose = [](std::int64_t) { return std::vector<std::int64_t>{5, 1}; };
  EXPECT_EQ(with_motion_frames(choose)(8), (std::vector<std::int64_t>{2, 4, 6, 7, 0, 0, 2, 4}));
}

TEST(Motion, WritesDifferencesOfBrightness) {
  std::array<cv::Mat, kMotionFrames> grey;
  const std::array<int, kMotionFrames> levels{10, 30, 25, 200};
  for (std::size_t i = 0; i < grey.size(); ++i) grey[i] = cv::Mat(2, 3, CV_8UC1, cv::Scalar(levels[i]));
  grey[3].at<std::uint8_t>(1, 2) = 0;
  cv::Mat image(2, 3, CV_8UC3);
  write_motion_image(grey, image);
  EXPECT_EQ(image.at<cv::Vec3b>(0, 0), cv::Vec3b(168, 118, 255));
  EXPECT_EQ(image.at<cv::Vec3b>(1, 2), cv::Vec3b(168, 118, 78));
}

}  // namespace
}  // namespace actrec
