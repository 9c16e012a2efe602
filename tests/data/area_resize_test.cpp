#include "data/area_resize.h"

#include <gtest/gtest.h>

#include <opencv2/imgproc.hpp>

namespace actrec {
namespace {

TEST(AreaResize, AgreesWithOpenCv) {
  for (const auto& [from, to] : {std::pair{cv::Size(320, 240), cv::Size(171, 128)},
                                 {cv::Size(301, 199), cv::Size(193, 128)},
                                 {cv::Size(64, 48), cv::Size(32, 24)},
                                 {cv::Size(1280, 720), cv::Size(228, 128)},
                                 {cv::Size(37, 53), cv::Size(37, 53)},
                                 {cv::Size(37, 53), cv::Size(1, 1)},
                                 {cv::Size(5, 3), cv::Size(4, 2)}}) {
    SCOPED_TRACE(::testing::Message() << from << " to " << to);
    cv::Mat image(from, CV_8UC3), expected;
    cv::RNG(7).fill(image, cv::RNG::UNIFORM, 0, 256);
    cv::resize(image, expected, to, 0, 0, cv::INTER_AREA);
    const cv::Mat reduced = reduce_by_area(image, to);
    ASSERT_EQ(reduced.size(), to);
    EXPECT_LE(cv::norm(reduced, expected, cv::NORM_INF), 1);
    EXPECT_LE(cv::norm(reduced, expected, cv::NORM_L1), 0.01 * 3 * to.area()) << "only ties may differ";
  }
}

TEST(AreaResize, KeepsFlatColoursAndPaddedRowsOut) {
  cv::Mat padded(60, 100, CV_8UC3, cv::Scalar(9, 9, 9));
  cv::Mat image = padded.colRange(10, 87);
  image.setTo(cv::Scalar(255, 0, 128));
  const cv::Mat reduced = reduce_by_area(image, {33, 29});
  EXPECT_EQ(cv::norm(reduced, cv::Mat(29, 33, CV_8UC3, cv::Scalar(255, 0, 128)), cv::NORM_INF), 0);
}

}  // namespace
}  // namespace actrec
