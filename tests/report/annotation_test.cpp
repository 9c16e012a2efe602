#include "report/annotation.h"

#include <gtest/gtest.h>

namespace actrec {
namespace {

const std::vector<TimelineSegment> kTimeline{{0, 5, "wave", 1.0}, {5, 10, "unknown", 0.25}};

TEST(TimelineAnnotation, DrawsOverTheLowerEdgeOnly) {
  cv::Mat frame(200, 300, CV_8UC3, cv::Scalar(10, 200, 30));
  TimelineAnnotation(kTimeline, 10).draw(frame, 0);
  EXPECT_EQ(frame.at<cv::Vec3b>(0, 0), cv::Vec3b(10, 200, 30));
  EXPECT_EQ(frame.at<cv::Vec3b>(150, 150), cv::Vec3b(10, 200, 30));
  EXPECT_NE(frame.at<cv::Vec3b>(199, 150), cv::Vec3b(10, 200, 30));
}

TEST(TimelineAnnotation, ShowsProbabilityAndPlace) {
  const TimelineAnnotation annotation(kTimeline, 10);
  cv::Mat certain(200, 300, CV_8UC3, cv::Scalar::all(0)), unsure = certain.clone();
  annotation.draw(certain, 2.5);
  annotation.draw(unsure, 7.5);
  const int bar = 200 - 2 * 10 + 2, strip = 198;
  const cv::Vec3b color = certain.at<cv::Vec3b>(bar, 290);  // the bar reaches the end
  EXPECT_EQ(certain.at<cv::Vec3b>(bar, 10), color);
  EXPECT_NE(unsure.at<cv::Vec3b>(bar, 10), unsure.at<cv::Vec3b>(bar, 100));  // a quarter
  EXPECT_EQ(certain.at<cv::Vec3b>(strip, 10), color);  // the label's colour in the strip
  EXPECT_EQ(certain.at<cv::Vec3b>(strip, 290), cv::Vec3b(128, 128, 128));
  EXPECT_EQ(certain.at<cv::Vec3b>(strip, 75), cv::Vec3b(255, 255, 255));  // marks where the frame is
  EXPECT_EQ(unsure.at<cv::Vec3b>(strip, 225), cv::Vec3b(255, 255, 255));
}

TEST(TimelineAnnotation, FitsAnyFrameAndLabel) {
  const std::vector<TimelineSegment> timeline{{0, 1, std::string(200, 'w') + "\u00fc", 0.5}};
  for (const cv::Size size : {cv::Size(1, 1), cv::Size(16, 8), cv::Size(8, 300), cv::Size(1920, 1080)}) {
    cv::Mat frame(size, CV_8UC3, cv::Scalar::all(90));
    TimelineAnnotation(timeline, 1).draw(frame, 2);
    EXPECT_EQ(frame.size(), size);
  }
}

}  // namespace
}  // namespace actrec
