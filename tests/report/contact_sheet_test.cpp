#include "report/contact_sheet.h"

#include <gtest/gtest.h>

#include <opencv2/imgcodecs.hpp>

namespace actrec {
namespace {

cv::Mat sheet_of(const std::vector<SheetRow>& rows) { return decode_images({contact_sheet(rows, 40)})[0]; }

TEST(ContactSheet, ShowsFramesInOrderBelowTheirCaption) {
  const cv::Mat red(20, 40, CV_8UC3, cv::Scalar(0, 0, 255)), blue(80, 80, CV_8UC3, cv::Scalar(255, 0, 0));
  const cv::Mat sheet = sheet_of({{"heading", {}}, {"caption", {red, blue}}});
  const auto at = [&](int x) { return sheet.at<cv::Vec3b>(sheet.rows - 16 - 20, x); };  // the row's middle
  EXPECT_EQ(at(16 + 2), cv::Vec3b(0, 0, 255));  // enlarged to 80 by 40
  EXPECT_EQ(at(16 + 79), cv::Vec3b(0, 0, 255));
  EXPECT_EQ(at(16 + 80), cv::Vec3b(255, 255, 255));  // the gap
  EXPECT_EQ(at(16 + 82), cv::Vec3b(255, 0, 0));      // reduced to 40 by 40
  EXPECT_EQ(at(16 + 121), cv::Vec3b(255, 0, 0));
  EXPECT_EQ(at(16 + 122), cv::Vec3b(255, 255, 255));
}

TEST(ContactSheet, CutsCaptionsAndTakesAnyCharacter) {
  const cv::Mat frame(10, 10, CV_8UC3, cv::Scalar(0, 255, 0));
  const cv::Mat sheet = sheet_of({{std::string(500, 'm') + "\u00fc\xff", {frame}}, {"", {frame}}});
  EXPECT_EQ(sheet.cols, 480 + 2 * 16);
}

}  // namespace
}  // namespace actrec
