#include "data/video_walk.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "data/checksum.h"
#include "data/frame_decoder.h"
#include "video_fixtures.h"

namespace actrec {
namespace {

using namespace actrec::testing;

constexpr int kWhole = 1 << 14;  // short side that no frame is reduced to

std::uint64_t sum_of(const cv::Mat& frame) {
  const cv::Mat whole = frame.clone();
  return checksum(whole.data, whole.total() * whole.elemSize());
}

// Every frame of a video, decoded one after another.
struct Sequence {
  std::vector<std::uint64_t> sums;
  std::vector<double> times;
  std::vector<KeyFrame> keys;

  explicit Sequence(const fs::path& video) {
    VideoWalk walk(video, {});
    while (walk.step()) {
      sums.push_back(sum_of(walk.reduced_frame(kWhole)));
      times.push_back(walk.time_seconds());
    }
    keys = walk.key_frames();
  }
  std::int64_t count() const { return static_cast<std::int64_t>(sums.size()); }
};

// Goes to frames all over the video and compares each, and some after it, with the sequence. A seek may fail,
// but not unnoticed. Returns how many walks have sought and were intact.
int expect_same(const fs::path& video, const Sequence& sequence) {
  int sought = 0;
  for (std::int64_t target = 3; target < sequence.count(); target += 41) {
    VideoWalk walk(video, sequence.keys);
    std::vector<std::uint64_t> sums;
    std::vector<double> times;
    if (walk.go_to(target)) {
      do {
        sums.push_back(sum_of(walk.reduced_frame(kWhole)));
        times.push_back(walk.time_seconds());
      } while (sums.size() < 40 && walk.step());
    }
    if (!walk.intact()) continue;
    sought += walk.has_sought();
    EXPECT_FALSE(sums.empty()) << "frame " << target;
    for (std::size_t i = 0; i < sums.size(); ++i) {
      const auto at = static_cast<std::size_t>(target) + i;
      EXPECT_EQ(sums[i], sequence.sums[at]) << "frame " << at << ", after going to " << target;
      EXPECT_NEAR(times[i], sequence.times[at], 1e-9) << "frame " << at;
    }
  }
  return sought;
}

class VideoWalkTest : public ::testing::Test {
 protected:
  // A moving test picture of that many frames.
  bool make(const std::string& name, int frames, const std::string& encoder,
            const std::string& size = "160x120") {
    return run_ffmpeg("-f lavfi -i testsrc2=s=" + size + ":r=25 -frames:v " + std::to_string(frames) + " " +
                      encoder + " " + quoted(dir_ / name));
  }
  TempDir dir_;
};

TEST_F(VideoWalkTest, GoesToTheSameFramesAsReadingOnInEveryFormat) {
  REQUIRE_FFMPEG();
  const std::string x264 = "-c:v libx264 -pix_fmt yuv420p -preset veryfast -g 60 ";
  const struct {
    const char* name;
    std::string encoder;
    bool must_seek;
  } cases[] = {
      {"h264.mp4", x264, true},
      {"h264.mkv", x264, true},
      {"open-gop.mp4", x264 + "-x264-params open-gop=1:bframes=3", false},
      {"intra-refresh.mp4", x264 + "-x264-params intra-refresh=1", false},
      {"h264.ts", x264, false},
      {"h264.avi", x264 + "-bf 2", false},
      {"mpeg4.avi", "-c:v mpeg4 -bf 2 -g 50", false},
      {"mpeg2.mpg", "-c:v mpeg2video -bf 2 -g 15", false},
      {"vp9.webm", "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 60", true},
      {"mjpeg.avi", "-c:v mjpeg", true},
  };
  for (const auto& [name, encoder, must_seek] : cases) {
    SCOPED_TRACE(name);
    if (!make(name, 400, encoder)) continue;  // an encoder that this ffmpeg does not have
    const Sequence sequence(dir_ / name);
    const int sought = expect_same(dir_ / name, sequence);
    if (must_seek) {
      EXPECT_GT(sought, 5);
    }
  }
}

TEST_F(VideoWalkTest, SparseFramesOfALongGopFullHdVideo) {
  REQUIRE_FFMPEG();
  ASSERT_TRUE(
      make("long.mp4", 420, "-c:v libx264 -pix_fmt yuv420p -preset ultrafast -bf 2 -g 250", "1920x1080"));
  const ClipRef clip = clip_of(dir_ / "long.mp4");
  const auto ends = [](std::int64_t count) { return std::vector<std::int64_t>{5, count - 140, count - 1}; };
  FrameDecoder forward(128), planned(128);
  const std::vector<cv::Mat> expected = forward.decode(clip, ends);
  planned.decode(clip, ends);  // measures the video and finds its key frames
  const std::vector<cv::Mat> found = planned.decode(clip, ends);
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i)
    EXPECT_EQ(cv::norm(found[i], expected[i], cv::NORM_INF), 0) << i;
}

TEST_F(VideoWalkTest, LatePartsOfALongVideoAreTheSameByASeek) {
  REQUIRE_FFMPEG();
  ASSERT_TRUE(make("long.mp4", 600, "-c:v libx264 -pix_fmt yuv420p -preset veryfast -bf 2 -g 50"));
  std::vector<ClipRef> parts;
  for (int i = 0; i < 4; ++i) {
    parts.push_back(clip_of(dir_ / "long.mp4", "part " + std::to_string(i)));
    parts.back().begin_seconds = 1 + 6 * i;
    parts.back().end_seconds = 3 + 6 * i;
  }
  const auto frames_of = [](FrameDecoder& decoder, const ClipRef& clip) {
    std::vector<std::uint64_t> sums;
    decoder.decode_all(clip, [&](const cv::Mat& frame) { sums.push_back(sum_of(frame)); });
    return sums;
  };
  FrameDecoder knowing(64);
  ClipRef whole = clip_of(dir_ / "long.mp4");
  frames_of(knowing, whole);
  for (const ClipRef& part : parts) {
    FrameDecoder fresh(64);
    const auto expected = frames_of(fresh, part);
    EXPECT_EQ(expected.size(), 50u);
    EXPECT_EQ(frames_of(knowing, part), expected) << part.name;
  }
}

TEST_F(VideoWalkTest, ASeekToAFrameThatIsNoLongerThereFailsAndReadingOnHelps) {
  REQUIRE_FFMPEG();
  ASSERT_TRUE(make("a.mp4", 300, "-c:v libx264 -pix_fmt yuv420p -preset veryfast -g 50"));
  Sequence sequence(dir_ / "a.mp4");
  ASSERT_GT(sequence.keys.size(), 3u);
  for (KeyFrame& key : sequence.keys) key.checksum ^= 1;  // as if the video had been encoded anew
  VideoWalk walk(dir_ / "a.mp4", sequence.keys);
  EXPECT_FALSE(walk.go_to(280));
  EXPECT_TRUE(walk.has_sought());
  EXPECT_FALSE(walk.intact());

  // A decoder that knows the old video gives the frames of the new one.
  FrameDecoder decoder(64), fresh(64);
  const auto late = [](std::int64_t count) { return std::vector<std::int64_t>{count - 5}; };
  decoder.decode(clip_of(dir_ / "a.mp4"), late);
  ASSERT_TRUE(make("b.mp4", 300, "-vf hflip -c:v libx264 -pix_fmt yuv420p -preset veryfast -g 35"));
  fs::rename(dir_ / "b.mp4", dir_ / "a.mp4");
  EXPECT_EQ(sum_of(decoder.decode(clip_of(dir_ / "a.mp4"), late)[0]),
            sum_of(fresh.decode(clip_of(dir_ / "a.mp4"), late)[0]));
}

TEST_F(VideoWalkTest, ShortVideosAreReadOn) {
  make_numbered_frames(dir_ / "folder", 9);
  VideoWalk walk(dir_ / "folder", {});
  EXPECT_TRUE(walk.go_to(7));
  EXPECT_EQ(walk.index(), 7);
  EXPECT_FALSE(walk.go_to(9));
  EXPECT_FALSE(walk.has_sought());
  EXPECT_TRUE(walk.intact());
}

}  // namespace
}  // namespace actrec
