#include "data/yuv_reduce.h"

#include <gtest/gtest.h>

#include <opencv2/imgproc.hpp>

namespace actrec {
namespace {

// A frame with planes of its own.
struct Picture {
  cv::Mat y, u, v;
  YuvFrame frame;

  // BT.601, limited range (ITU-R BT.601-7, 2.5.2 and 2.5.3).
  Picture(cv::Size size, int across, int down)
      : y(size, CV_8U),
        u((size.height + down - 1) / down, (size.width + across - 1) / across, CV_8U),
        v(u.size(), CV_8U) {
    frame.size = size;
    frame.y = {y.data, static_cast<std::ptrdiff_t>(y.step), 1, 1};
    frame.u = {u.data, static_cast<std::ptrdiff_t>(u.step), across, down};
    frame.v = {v.data, static_cast<std::ptrdiff_t>(v.step), across, down};
    frame.luma = 255.0 / 219;
    frame.red_v = 1.402 * 255 / 224;
    frame.blue_u = 1.772 * 255 / 224;
    frame.green_u = 0.344136 * 255 / 224;
    frame.green_v = 0.714136 * 255 / 224;
  }

  // In RGB, each sample where it stands, float64 [h, w, 3].
  cv::Mat rgb() const {
    cv::Mat image(frame.size, CV_64FC3);
    for (int i = 0; i < image.rows; ++i) {
      for (int j = 0; j < image.cols; ++j) {
        const double grey = frame.luma * (y.at<uchar>(i, j) - 16);
        const double du = u.at<uchar>(i / frame.u.down, j / frame.u.across) - 128.0;
        const double dv = v.at<uchar>(i / frame.v.down, j / frame.v.across) - 128.0;
        image.at<cv::Vec3d>(i, j) = {grey + frame.red_v * dv, grey - frame.green_u * du - frame.green_v * dv,
                                     grey + frame.blue_u * du};
      }
    }
    return image;
  }
};

TEST(YuvReduce, AgreesWithOpenCvOnTheConvertedFrame) {
  for (const auto& [from, to] : {std::pair{cv::Size(320, 240), cv::Size(171, 128)},
                                 {cv::Size(301, 199), cv::Size(193, 128)},
                                 {cv::Size(64, 48), cv::Size(32, 24)},
                                 {cv::Size(1280, 720), cv::Size(228, 128)},
                                 {cv::Size(130, 150), cv::Size(128, 148)},
                                 {cv::Size(37, 53), cv::Size(37, 53)},
                                 {cv::Size(37, 53), cv::Size(1, 1)},
                                 {cv::Size(5, 3), cv::Size(4, 2)},
                                 {cv::Size(1, 1), cv::Size(1, 1)}}) {
    for (const auto& [across, down] : {std::pair{1, 1}, {2, 2}, {2, 1}, {4, 1}, {1, 2}}) {
      SCOPED_TRACE(::testing::Message() << from << " to " << to << ", colours 1:" << across << "x" << down);
      Picture picture(from, across, down);
      cv::RNG random(7);
      // Within the colours that RGB holds.
      random.fill(picture.y, cv::RNG::UNIFORM, 60, 190);
      random.fill(picture.u, cv::RNG::UNIFORM, 108, 148);
      random.fill(picture.v, cv::RNG::UNIFORM, 108, 148);
      cv::Mat expected, difference;
      cv::resize(picture.rgb(), expected, to, 0, 0, cv::INTER_AREA);
      const cv::Mat reduced = reduce_yuv(picture.frame, to);
      ASSERT_EQ(reduced.size(), to);
      cv::subtract(reduced, expected, difference, cv::noArray(), CV_64F);
      EXPECT_LE(cv::norm(difference, cv::NORM_INF), 4);
      EXPECT_LE(cv::norm(difference, cv::NORM_L1), 0.9 * 3 * to.area() + 4);
      const cv::Scalar bias = cv::mean(difference);
      if (to.area() > 700) {
        for (int channel = 0; channel < 3; ++channel) EXPECT_NEAR(bias[channel], 0, 0.12) << channel;
      }
    }
  }
}

// Flat colours have no rounding but the last: black, white and primaries in BT.601.
TEST(YuvReduce, GivesColoursAndClipsThem) {
  struct Case {
    int y, u, v;
    cv::Vec3b rgb;
  };
  for (const Case& one :
       {Case{16, 128, 128, {0, 0, 0}}, Case{235, 128, 128, {255, 255, 255}},
        Case{126, 128, 128, {128, 128, 128}}, Case{81, 90, 240, {254, 0, 0}}, Case{145, 54, 34, {0, 255, 1}},
        Case{41, 240, 110, {0, 0, 255}}, Case{255, 128, 128, {255, 255, 255}}, Case{0, 0, 0, {0, 136, 0}},
        Case{255, 255, 255, {255, 125, 255}}}) {
    SCOPED_TRACE(::testing::Message() << one.y << ' ' << one.u << ' ' << one.v);
    Picture picture({40, 30}, 2, 2);
    picture.y.setTo(one.y);
    picture.u.setTo(one.u);
    picture.v.setTo(one.v);
    const cv::Mat reduced = reduce_yuv(picture.frame, {21, 17});
    for (int i = 0; i < reduced.rows; ++i) {
      for (int j = 0; j < reduced.cols; ++j) {
        const cv::Vec3b pixel = reduced.at<cv::Vec3b>(i, j);
        EXPECT_EQ(pixel, reduced.at<cv::Vec3b>(0, 0));
        for (int channel = 0; channel < 3; ++channel)
          EXPECT_NEAR(pixel[channel], one.rgb[channel], 1) << channel;
      }
    }
  }
}

TEST(YuvReduce, ReadsNothingBesideThePlanes) {
  Picture inner({33, 21}, 2, 2), outer({80, 60}, 1, 1);
  inner.y.setTo(100);
  inner.u.setTo(128);
  inner.v.setTo(128);
  outer.y.setTo(255);  // what lies around the frame
  inner.y.copyTo(outer.y(cv::Rect(7, 5, 33, 21)));
  const cv::Mat expected = reduce_yuv(inner.frame, {20, 12});
  inner.frame.y = {outer.y.ptr(5) + 7, static_cast<std::ptrdiff_t>(outer.y.step), 1, 1};
  EXPECT_EQ(cv::norm(reduce_yuv(inner.frame, {20, 12}), expected, cv::NORM_INF), 0);
}

}  // namespace
}  // namespace actrec
