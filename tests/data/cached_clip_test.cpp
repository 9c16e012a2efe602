#include "data/cached_clip.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "data/image_difference.h"
#include "video_fixtures.h"

namespace actrec {
namespace {

using namespace actrec::testing;

// A smooth picture, different for every number.
cv::Mat picture(int number, cv::Size size = {40, 30}) {
  cv::Mat image(size, CV_8UC3);
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x)
      image.at<cv::Vec3b>(y, x) =
          cv::Vec3b(static_cast<uchar>(5 * x), static_cast<uchar>(7 * y), static_cast<uchar>(20 * number));
  }
  return image;
}

class CachedClipTest : public ::testing::Test {
 protected:
  fs::path write(const FrameFormat& format, int frames = 5) {
    CachedClipWriter writer(file_, format);
    for (int i = 0; i < frames; ++i) writer.add(picture(i));
    writer.publish();
    EXPECT_EQ(writer.bytes(), fs::file_size(file_));
    return file_;
  }

  TempDir dir_;
  fs::path file_ = dir_ / "clip.frames";
};

TEST_F(CachedClipTest, RawFramesComeBackUnchangedInAnyOrder) {
  const auto clip = CachedClip::open(write({FrameEncoding::raw}), FrameEncoding::raw);
  ASSERT_TRUE(clip);
  EXPECT_EQ(clip->frame_count(), 5);
  cv::Mat buffer;
  for (const int i : {3, 0, 4, 4, 1}) {
    EXPECT_TRUE(clip->intact(i));
    EXPECT_EQ(largest_difference(clip->frame(i, buffer), picture(i)), 0);
  }
}

TEST_F(CachedClipTest, JpegFramesComeBackNearlyUnchangedInTheSameColours) {
  const auto clip = CachedClip::open(write({FrameEncoding::jpeg, 95}), FrameEncoding::jpeg);
  ASSERT_TRUE(clip);
  cv::Mat buffer;
  for (const int i : {2, 0, 4}) EXPECT_LE(largest_difference(clip->frame(i, buffer), picture(i)), 12);
}

TEST_F(CachedClipTest, FramesMayDifferInSize) {
  {
    CachedClipWriter writer(file_, {FrameEncoding::raw});
    writer.add(picture(1, {10, 20}));
    writer.add(picture(2, {30, 5}));
    writer.publish();
  }
  const auto clip = CachedClip::open(file_, FrameEncoding::raw);
  ASSERT_TRUE(clip);
  cv::Mat buffer;
  EXPECT_EQ(largest_difference(clip->frame(0, buffer), picture(1, {10, 20})), 0);
  EXPECT_EQ(largest_difference(clip->frame(1, buffer), picture(2, {30, 5})), 0);
}

TEST_F(CachedClipTest, RowsThatAreApartInMemoryAreStoredTogether) {
  const cv::Mat part = picture(1)(cv::Rect(3, 4, 20, 10));
  {
    CachedClipWriter writer(file_, {FrameEncoding::raw});
    writer.add(part);
    writer.publish();
  }
  cv::Mat buffer;
  EXPECT_EQ(largest_difference(CachedClip::open(file_, FrameEncoding::raw)->frame(0, buffer), part), 0);
}

TEST_F(CachedClipTest, WhatIsNotPublishedDoesNotExist) {
  {
    CachedClipWriter writer(file_, {FrameEncoding::raw});
    writer.add(picture(1));
  }
  EXPECT_EQ(CachedClip::open(file_, FrameEncoding::raw), nullptr);
  EXPECT_TRUE(fs::is_empty(dir_.path()));
}

TEST_F(CachedClipTest, IsNotOpenedWithTheOtherEncoding) {
  EXPECT_EQ(CachedClip::open(write({FrameEncoding::raw}), FrameEncoding::jpeg), nullptr);
}

// The file cut at every length, as a full disk or a power cut may leave it.
TEST_F(CachedClipTest, NoTruncatedFileIsTaken) {
  const std::string bytes = read_bytes(write({FrameEncoding::jpeg, 95}, 2));
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    write_bytes(file_, bytes.substr(0, length));
    ASSERT_EQ(CachedClip::open(file_, FrameEncoding::jpeg), nullptr) << length;
  }
}

// Each byte changed, as a failing disk may do: the file is refused, the frame is known to be damaged, or the
// byte was of no account.
TEST_F(CachedClipTest, EveryChangedByteIsNoticed) {
  for (const FrameEncoding encoding : {FrameEncoding::raw, FrameEncoding::jpeg}) {
    const std::string bytes = read_bytes(write({encoding, 90}, 2));
    for (std::size_t at = 0; at < bytes.size(); at += 1 + at % 7) {
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
      write_bytes(file_, damaged);
      const auto clip = CachedClip::open(file_, encoding);
      ASSERT_TRUE(!clip || !clip->intact(0) || !clip->intact(1)) << "byte " << at << " of " << bytes.size();
    }
  }
}

// A power cut may leave a file of the right length full of zeros.
TEST_F(CachedClipTest, AFileOfZerosIsNotTaken) {
  const std::string bytes = read_bytes(write({FrameEncoding::raw}));
  write_bytes(file_, std::string(bytes.size(), '\0'));
  EXPECT_EQ(CachedClip::open(file_, FrameEncoding::raw), nullptr);
}

TEST_F(CachedClipTest, AMissingOrForeignFileIsNotTaken) {
  EXPECT_EQ(CachedClip::open(dir_ / "nothing", FrameEncoding::raw), nullptr);
  EXPECT_EQ(CachedClip::open(dir_.path(), FrameEncoding::raw), nullptr);
  write_bytes(file_, std::string(10'000, 'x'));
  EXPECT_EQ(CachedClip::open(file_, FrameEncoding::raw), nullptr);
}

TEST_F(CachedClipTest, AFileThatCannotBeWrittenIsAnError) {
  EXPECT_THROW(CachedClipWriter(dir_ / "missing/clip.frames", {}), Error);
}

}  // namespace
}  // namespace actrec
