#include "data/thumbnails.h"

#include <gtest/gtest.h>

#include <opencv2/imgcodecs.hpp>

#include "temporary_directory.h"

namespace actrec {
namespace {

cv::Mat decoded(const std::string& jpeg) {
  return cv::imdecode(std::vector<std::uint8_t>(jpeg.begin(), jpeg.end()), cv::IMREAD_COLOR);
}

TEST(Thumbnails, AreWholeFramesInOrderAndInColour) {
  TemporaryDirectory directory;
  ClipRef clip;
  clip.path = directory / "clip";
  clip.name = "clip";
  std::filesystem::create_directory(clip.path);
  // Nine frames of 80 by 40 pixels: blue grows, red is constant.
  for (int i = 0; i < 9; ++i) {
    const std::string name = "000" + std::to_string(i) + ".png";
    cv::imwrite((clip.path / name).string(), cv::Mat(40, 80, CV_8UC3, cv::Scalar(20 * i, 0, 200)));
  }
  Settings settings;
  settings.clip.size = FrameSize(64, 64);
  settings.clip.motion = MotionInput::difference;
  settings.clip.sampling = Sampling::all;

  const std::vector<std::string> small = Thumbnails(settings, 3, 20).of(clip);
  ASSERT_EQ(small.size(), 3u);
  for (int k = 0; k < 3; ++k) {  // the centres of three segments: frames 1, 4 and 7
    const cv::Mat image = decoded(small[static_cast<std::size_t>(k)]);
    EXPECT_EQ(image.size(), cv::Size(40, 20));
    const auto pixel = image.at<cv::Vec3b>(10, 20);
    EXPECT_NEAR(pixel[0], 20 * (1 + 3 * k), 6);
    EXPECT_NEAR(pixel[2], 200, 6);
  }
  EXPECT_EQ(decoded(Thumbnails(settings, 3, 500).of(clip)[0]).size(), cv::Size(80, 40)) << "not enlarged";
}

}  // namespace
}  // namespace actrec
