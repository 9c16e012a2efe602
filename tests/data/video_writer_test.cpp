#include "data/video_writer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "data/video_fixtures.h"

namespace actrec::testing {
namespace {

nlohmann::json probe(const fs::path& video) {
  return nlohmann::json::parse(
      output_of("ffprobe -v error -of json -show_streams -show_packets -show_format " + quoted(video)));
}

cv::Mat grey_frame(cv::Size size, int level) { return {size, CV_8UC3, cv::Scalar::all(level)}; }

TEST(VideoWriter, WritesWhatBrowsersPlay) {
  if (!have_ffmpeg()) GTEST_SKIP() << "ffmpeg is not installed";
  const TempDir directory;
  const fs::path file = directory / "out.mp4";
  {
    VideoWriter writer(file, {{64, 48}, 1, 25});
    for (int i = 0; i < 50; ++i) writer.write(grey_frame({64, 48}, 40 + 4 * i), i / 25.0);
    EXPECT_FALSE(fs::exists(file));
    writer.finish(2);
  }
  const nlohmann::json stream = probe(file)["streams"][0];
  EXPECT_EQ(stream["codec_name"], "h264");
  EXPECT_EQ(stream["pix_fmt"], "yuv420p");
  EXPECT_EQ(stream["nb_frames"], "50");
  EXPECT_EQ(stream["avg_frame_rate"], "25/1");
  EXPECT_NEAR(std::stod(stream["duration"].get<std::string>()), 2, 1e-6);
  const std::string bytes = read_bytes(file);
  EXPECT_LT(bytes.find("moov"), bytes.find("mdat"));  // the index comes first
  // Decoded again, the grey levels are what they were.
  const std::string grey = output_of("ffmpeg -v error -i " + quoted(file) + " -f rawvideo -pix_fmt rgb24 -");
  ASSERT_EQ(grey.size(), 50u * 64 * 48 * 3);
  for (int i = 0; i < 50; ++i) {
    const int level = static_cast<unsigned char>(grey[static_cast<std::size_t>(i) * 64 * 48 * 3 + 5000]);
    EXPECT_NEAR(level, 40 + 4 * i, 3) << i;
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(directory.path()), fs::directory_iterator()), 1);
}

TEST(VideoWriter, KeepsColours) {
  if (!have_ffmpeg()) GTEST_SKIP() << "ffmpeg is not installed";
  const TempDir directory;
  for (const cv::Size size : {cv::Size(64, 48), cv::Size(1280, 720)}) {
    const fs::path file = directory / "colour.mp4";
    VideoWriter writer(file, {size, 1, 25});
    writer.write(cv::Mat(size, CV_8UC3, cv::Scalar(200, 60, 30)), 0);
    writer.finish(0.04);
    const std::unique_ptr<VideoReader> video = open_video(file);
    ASSERT_TRUE(video->grab());
    const cv::Vec3b pixel = video->retrieve().at<cv::Vec3b>(20, 20);
    EXPECT_NEAR(pixel[0], 200, 4);
    EXPECT_NEAR(pixel[1], 60, 4);
    EXPECT_NEAR(pixel[2], 30, 4);
  }
}

TEST(VideoWriter, KeepsTheTimeOfEveryFrame) {
  if (!have_ffmpeg()) GTEST_SKIP() << "ffmpeg is not installed";
  const TempDir directory;
  const std::vector<double> times{0, 0.04, 0.5, 0.5333, 1.25};
  VideoWriter writer(directory / "vfr.mp4", {{32, 32}, 1, 30});
  for (const double time : times) writer.write(grey_frame({32, 32}, 100), time);
  writer.finish(3);
  const nlohmann::json probed = probe(directory / "vfr.mp4");
  ASSERT_EQ(probed["packets"].size(), times.size());
  for (std::size_t i = 0; i < times.size(); ++i)
    EXPECT_NEAR(std::stod(probed["packets"][i]["pts_time"].get<std::string>()), times[i], 1e-4);
  EXPECT_NEAR(std::stod(probed["format"]["duration"].get<std::string>()), 3, 1e-3);
}

TEST(VideoWriter, TakesOddSizesAndWidePixels) {
  if (!have_ffmpeg()) GTEST_SKIP() << "ffmpeg is not installed";
  const TempDir directory;
  VideoWriter writer(directory / "odd.mp4", {{33, 27}, 16.0 / 11, 25});
  writer.write(grey_frame({33, 27}, 100), 0);
  writer.write(grey_frame({66, 54}, 100), 0.04);  // scaled
  writer.finish(0.08);
  const nlohmann::json stream = probe(directory / "odd.mp4")["streams"][0];
  EXPECT_EQ(stream["width"], 34);
  EXPECT_EQ(stream["height"], 28);
  EXPECT_EQ(stream["sample_aspect_ratio"], "16:11");
}

TEST(VideoWriter, FailsWithThePathAndLeavesNothing) {
  const TempDir directory;
  EXPECT_THROW(VideoWriter(directory / "no" / "out.mp4", {{32, 32}, 1, 25}), Error);
  { VideoWriter given_up(directory / "out.mp4", {{32, 32}, 1, 25}); }
  EXPECT_TRUE(fs::is_empty(directory.path()));
}

}  // namespace
}  // namespace actrec::testing
