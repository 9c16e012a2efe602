#include "data/frame_codec.h"

#include <gtest/gtest.h>

#include <algorithm>
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

// The product of these sides is 0 in 32 bits, as are the bytes there.
TEST(FrameCodec, SizesThatOverflowAreAnError) {
  cv::Mat buffer;
  const std::uint8_t byte = 0;
  EXPECT_THROW(decode_frame(&byte, 0, FrameEncoding::raw, {65536, 65536}, buffer), Error);
  EXPECT_THROW(decode_frame(&byte, 0, FrameEncoding::raw, {0, 0}, buffer), Error);
  EXPECT_THROW(decode_frame(&byte, 3, FrameEncoding::raw, {-1, -1}, buffer), Error);
}

// A few bytes must not ask for memory by what their header claims.
TEST(FrameCodec, TheSizeInAJpegHeaderIsLookedAtBeforeAnythingIsDecoded) {
  std::vector<std::uint8_t> bytes;
  encode_frame(red_to_blue(), {FrameEncoding::jpeg, 95}, bytes);
  const std::uint8_t start_of_frame[] = {0xff, 0xc0};
  const auto header = std::search(bytes.begin(), bytes.end(), start_of_frame, start_of_frame + 2);
  ASSERT_NE(header, bytes.end());
  header[5] = header[7] = 0xff;  // 65304 x 65344 pixels
  cv::Mat buffer;
  EXPECT_THROW(decode_frame(bytes.data(), bytes.size(), FrameEncoding::jpeg, {64, 24}, buffer), Error);
  EXPECT_TRUE(buffer.empty());
}

}  // namespace
}  // namespace actrec
