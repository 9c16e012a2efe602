#include "data/frame_rate.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "data/video_fixtures.h"

namespace actrec::testing {
namespace {

TEST(NominalFrameRate, IsTheHeadersWhereFramesComeLikeThat) {
  if (!have_ffmpeg()) GTEST_SKIP() << "ffmpeg is not installed";
  const TempDir directory;
  for (const char* name : {"ntsc.mp4", "ntsc.mkv"}) {  // Matroska rounds to milliseconds
    ASSERT_TRUE(run_ffmpeg("-f lavfi -i testsrc=size=32x32:rate=30000/1001 -frames:v 40 -c:v mpeg4 " +
                           quoted(directory / name)));
    EXPECT_NEAR(nominal_frame_rate(directory / name), 30000 / 1001.0, 1e-6) << name;
  }
}

TEST(NominalFrameRate, IsMeasuredWhereTheRateVaries) {
  if (!have_ffmpeg()) GTEST_SKIP() << "ffmpeg is not installed";
  const TempDir directory;
  // Most frames are 40 ms apart, but some 1 ms, and the header says what would hold them all.
  const fs::path video = directory / "variable.mkv";
  ASSERT_TRUE(run_ffmpeg(
      "-f lavfi -i testsrc=size=32x32:rate=25 -frames:v 40 -vf \"setpts='(N*0.04+0.013*not(mod(N,7)))/TB'\" "
      "-vsync passthrough -enc_time_base 1/1000 -c:v ffv1 " +
      quoted(video)));
  EXPECT_NEAR(nominal_frame_rate(video), 25, 1.5);
}

TEST(NominalFrameRate, OfAFolderOfImagesIsTheFallback) {
  const TempDir directory;
  make_numbered_frames(directory.path(), 3);
  EXPECT_EQ(nominal_frame_rate(directory.path()), kFallbackFramesPerSecond);
  EXPECT_THROW(nominal_frame_rate(directory / "none.mp4"), DataError);
}

TEST(MedianClipSeconds, LooksAtPartsAndVideosAndPassesOverBrokenOnes) {
  const TempDir directory;
  make_numbered_frames(directory / "frames", 50);  // 2 s
  ClipRef part = clip_of(directory / "frames");
  part.begin_seconds = 0.5;
  part.end_seconds = 2;
  EXPECT_EQ(median_clip_seconds({clip_of(directory / "frames"), clip_of(directory / "none.mp4")}), 2);
  EXPECT_EQ(median_clip_seconds({part}), 1.5);
  EXPECT_EQ(median_clip_seconds({clip_of(directory / "none.mp4")}), 0);
}

}  // namespace
}  // namespace actrec::testing
