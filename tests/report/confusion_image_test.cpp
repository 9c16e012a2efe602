#include "report/confusion_image.h"

#include <gtest/gtest.h>

#include <opencv2/imgcodecs.hpp>

#include "report_fixtures.h"

namespace actrec {
namespace {

cv::Mat picture_of(std::size_t classes) {
  std::vector<std::string> names;
  std::vector<ClipPrediction> clips;
  for (std::size_t k = 0; k < classes; ++k) {
    names.push_back(fmt::format("class_{}", k));
    clips.push_back(
        predicted("", classes, static_cast<std::int64_t>(k), k == 0 ? 1 : static_cast<std::int64_t>(k), 0.9));
  }
  const std::string png = confusion_png(evaluation_of_clips(names, clips));
  return cv::imdecode(std::vector<std::uint8_t>(png.begin(), png.end()), cv::IMREAD_COLOR);
}

// Pixels of a colour, blue or orange, at least half saturated.
int count_pixels(const cv::Mat& image, bool blue) {
  int count = 0;
  for (int y = 0; y < image.rows; ++y) {
    for (int x = 0; x < image.cols; ++x) {
      const auto pixel = image.at<cv::Vec3b>(y, x);
      count += blue ? pixel[0] - pixel[2] > 100 : pixel[2] - pixel[0] > 100;
    }
  }
  return count;
}

TEST(ConfusionPng, PaintsACellForEveryPairThatOccurs) {
  const cv::Mat two = picture_of(2);
  ASSERT_FALSE(two.empty());
  // One cell each of 55 by 55 pixels, less the number in it.
  EXPECT_NEAR(count_pixels(two, true), 55 * 55, 250);
  EXPECT_NEAR(count_pixels(two, false), 55 * 55, 250);
}

TEST(ConfusionPng, FitsAScreenWith101Classes) {
  const cv::Mat many = picture_of(101);
  ASSERT_FALSE(many.empty());
  EXPECT_EQ(many.rows, many.cols);
  EXPECT_LT(many.rows, 2200);
  EXPECT_EQ(count_pixels(many, true), 100 * 17 * 17);
  EXPECT_EQ(count_pixels(many, false), 17 * 17);
}

}  // namespace
}  // namespace actrec
