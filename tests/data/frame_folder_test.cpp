#include "data/frame_folder.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "video_fixtures.h"

namespace actrec {
namespace {

using namespace actrec::testing;

TEST(FrameFolder, OrdersNumbersAsNumbersAndIgnoresOtherFiles) {
  const TempDir dir;
  for (const char* name : {"frame10.jpg", "frame2.JPG", "frame0001.png", "frame9.bmp", "._frame3.jpg",
                           "cover.jpg", "frame4.txt", "frame100.jpeg"}) {
    write_bytes(dir / name, "x");
  }
  fs::create_directory(dir / "frame5.jpg");
  std::vector<std::string> names;
  for (const fs::path& path : numbered_frames(dir.path())) names.push_back(path.filename().string());
  EXPECT_EQ(names, (std::vector<std::string>{"frame0001.png", "frame2.JPG", "frame9.bmp", "frame10.jpg",
                                             "frame100.jpeg"}));
  EXPECT_TRUE(is_frame_folder(dir.path()));
  EXPECT_FALSE(is_frame_folder(dir / "frame5.jpg"));
  EXPECT_FALSE(is_frame_folder(dir / "cover.jpg"));
  EXPECT_FALSE(is_frame_folder(dir / "missing"));
}

TEST(FrameFolder, ReadsFramesWithTimes) {
  const TempDir dir;
  make_numbered_frames(dir.path(), 12);
  const auto reader = open_video(dir.path());
  EXPECT_EQ(reader->header().claimed_frames, 12);
  EXPECT_EQ(reader->header().frames_per_second, 0);
  for (int i = 0; i < 12; ++i) {
    ASSERT_TRUE(reader->grab());
    EXPECT_NEAR(reader->time_seconds(), i / 25.0, 1e-12);
    if (i % 3 != 1) continue;
    EXPECT_EQ(reader->retrieve().at<cv::Vec3b>(40, 60), cv::Vec3b::all(static_cast<uchar>(level_of(i))));
  }
  EXPECT_FALSE(reader->grab());
}

TEST(FrameFolder, ImagesAreRgb) {
  const TempDir dir;
  cv::imwrite((dir / "1.png").string(), cv::Mat(8, 8, CV_8UC3, cv::Scalar(10, 20, 30)));  // BGR
  cv::imwrite((dir / "2.png").string(), cv::Mat(8, 8, CV_8UC1, cv::Scalar(77)));
  const auto reader = open_video(dir.path());
  for (const cv::Vec3b& expected : {cv::Vec3b(30, 20, 10), cv::Vec3b(77, 77, 77)}) {
    ASSERT_TRUE(reader->grab());
    EXPECT_EQ(reader->retrieve().at<cv::Vec3b>(3, 3), expected);
  }
}

TEST(FrameFolder, BrokenImagesAreErrorsThatNameThem) {
  const TempDir dir;
  cv::Mat noise(64, 64, CV_8UC3);
  cv::randu(noise, 0, 255);
  for (const std::string name : {"1.jpg", "2.jpg", "3.png"}) cv::imwrite((dir / name).string(), noise);
  for (const std::string name : {"2.jpg", "3.png"}) {
    const std::string bytes = read_bytes(dir / name);
    write_bytes(dir / name, bytes.substr(0, bytes.size() / 2));
  }
  write_bytes(dir / "4.bmp", "");
  const auto reader = open_video(dir.path());
  ASSERT_TRUE(reader->grab());
  EXPECT_NO_THROW(reader->retrieve());
  for (const std::string name : {"2.jpg", "3.png", "4.bmp"}) {
    ASSERT_TRUE(reader->grab());
    try {
      reader->retrieve();
      ADD_FAILURE() << name << " gave no error";
    } catch (const DataError& error) {
      EXPECT_NE(std::string(error.what()).find(name), std::string::npos) << error.what();
    }
  }
}

TEST(FrameFolder, OpensOnlyTheImagesWhoseFramesAreAskedFor) {
  const TempDir dir;
  make_numbered_frames(dir.path(), 3);
  write_bytes(dir / "frame0.png", "broken");
  const auto reader = open_video(dir.path());
  ASSERT_TRUE(reader->grab());
  ASSERT_TRUE(reader->grab());
  EXPECT_EQ(reader->retrieve().at<cv::Vec3b>(40, 60), cv::Vec3b::all(static_cast<uchar>(level_of(1))));
}

TEST(FrameFolder, LeavesLinksToNothingOut) {
  const TempDir dir;
  make_numbered_frames(dir.path(), 1);
  fs::create_symlink("0001.jpg", dir / "0001.jpg");
  fs::create_symlink("gone.jpg", dir / "0002.jpg");
  EXPECT_EQ(numbered_frames(dir.path()), std::vector<fs::path>{dir / "frame0.png"});
}

}  // namespace
}  // namespace actrec
