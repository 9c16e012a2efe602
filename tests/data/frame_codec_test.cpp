#include "data/frame_codec.h"

#include <gtest/gtest.h>

#include <fstream>
#include <opencv2/imgcodecs.hpp>

#include "core/error.h"
#include "temporary_directory.h"

namespace actrec {
namespace {

cv::Mat red_to_blue() {
  cv::Mat image(24, 64, CV_8UC3);
  for (int x = 0; x < image.cols; ++x)
    image.col(x).setTo(cv::Scalar(255 - 4 * x, 30, 4 * x));  // red, green, blue
  return image;
}

TEST(FrameCodec, JpegIsAnOrdinaryImageInTheRightColours) {
  std::vector<std::uint8_t> bytes;
  encode_frame(red_to_blue(), {FrameEncoding::jpeg, 95}, bytes);
  const TemporaryDirectory directory;
  const std::string file = (directory / "frame.jpg").string();
  std::ofstream(file, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  const cv::Mat bgr = cv::imread(file);
  ASSERT_EQ(bgr.size(), red_to_blue().size());
  EXPECT_NEAR(bgr.at<cv::Vec3b>(10, 2)[2], 247, 6) << "red";
  EXPECT_NEAR(bgr.at<cv::Vec3b>(10, 2)[0], 8, 6) << "blue";
  cv::Mat buffer;
  const cv::Mat decoded = decode_frame(bytes.data(), bytes.size(), FrameEncoding::jpeg, bgr.size(), buffer);
  EXPECT_LE(cv::norm(decoded, red_to_blue(), cv::NORM_INF), 10);
}

TEST(FrameCodec, ALowerQualityTakesFewerBytes) {
  std::vector<std::uint8_t> good, poor;
  encode_frame(red_to_blue(), {FrameEncoding::jpeg, 95}, good);
  encode_frame(red_to_blue(), {FrameEncoding::jpeg, 30}, poor);
  EXPECT_LT(poor.size(), good.size());
}

TEST(FrameCodec, BuffersAreUsedAgain) {
  std::vector<std::uint8_t> bytes;
  encode_frame(red_to_blue(), {FrameEncoding::jpeg, 95}, bytes);
  cv::Mat buffer;
  decode_frame(bytes.data(), bytes.size(), FrameEncoding::jpeg, {64, 24}, buffer);
  const auto* pixels = buffer.data;
  decode_frame(bytes.data(), bytes.size(), FrameEncoding::jpeg, {64, 24}, buffer);
  EXPECT_EQ(buffer.data, pixels);
  encode_frame(red_to_blue(), {FrameEncoding::raw}, bytes);
  EXPECT_EQ(decode_frame(bytes.data(), bytes.size(), FrameEncoding::raw, {64, 24}, buffer).data,
            bytes.data());
}

TEST(FrameCodec, BytesThatAreNoSuchFrameAreAnError) {
  std::vector<std::uint8_t> bytes;
  cv::Mat buffer;
  encode_frame(red_to_blue(), {FrameEncoding::jpeg, 95}, bytes);
  EXPECT_THROW(decode_frame(bytes.data(), bytes.size(), FrameEncoding::jpeg, {64, 25}, buffer), Error);
  EXPECT_THROW(decode_frame(bytes.data(), bytes.size(), FrameEncoding::raw, {64, 24}, buffer), Error);
  bytes.assign(100, 7);
  EXPECT_THROW(decode_frame(bytes.data(), bytes.size(), FrameEncoding::jpeg, {64, 24}, buffer), Error);
}

}  // namespace
}  // namespace actrec
