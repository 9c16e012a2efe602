#include "data/frame_source.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "video_fixtures.h"

namespace actrec {
namespace {

using namespace actrec::testing;

using Frames = std::vector<cv::Mat>;

constexpr int kShortSide = 32;

class FrameSourceTest : public ::testing::Test {
 protected:
  FrameSourceTest() {
    make_numbered_frames(dir_ / "clip", 12);
    clip_ = clip_of(dir_ / "clip");
  }

  std::shared_ptr<FrameCache> cache(const FrameFormat& format, std::uint64_t limit = 10'000'000) const {
    return std::make_shared<FrameCache>(FrameCache::Options{dir_ / "cache", limit, kShortSide, format});
  }
  // Frames 2, 7, 7 and the last.
  static Frames read(FrameSource& source, const ClipRef& clip) {
    Frames frames;
    source.read(
        clip,
        [](std::int64_t count) {
          return std::vector<std::int64_t>{2, 7, 7, count - 1};
        },
        [&](std::size_t position, const cv::Mat& frame) {
          EXPECT_EQ(position, frames.size());
          frames.push_back(frame.clone());
        });
    return frames;
  }
  static Frames read_all(FrameSource& source, const ClipRef& clip) {
    Frames frames;
    source.read_all(clip, [&](std::size_t, const cv::Mat& frame) { frames.push_back(frame.clone()); });
    return frames;
  }
  static void expect_equal(const Frames& a, const Frames& b) {
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
      ASSERT_EQ(a[i].size(), b[i].size());
      EXPECT_EQ(cv::norm(a[i], b[i], cv::NORM_INF), 0) << "frame " << i;
    }
  }
  fs::path only_file() const {
    for (const auto& entry : fs::recursive_directory_iterator(dir_ / "cache")) {
      if (entry.is_regular_file()) return entry.path();
    }
    return {};
  }

  TempDir dir_;
  ClipRef clip_;
};

TEST_F(FrameSourceTest, GivesTheSamePixelsDecodedBeingCachedAndCached) {
  for (const FrameFormat& format : {FrameFormat{FrameEncoding::raw}, FrameFormat{FrameEncoding::jpeg, 90}}) {
    FrameSource decoding(kShortSide, format);
    const Frames expected = read(decoding, clip_);
    ASSERT_EQ(expected.size(), 4u);
    EXPECT_EQ(expected[0].rows, kShortSide);
    FrameSource caching(cache(format), CacheUse::fill);
    for (int pass = 0; pass < 2; ++pass) expect_equal(read(caching, clip_), expected);
    FrameSource reading(cache(format), CacheUse::read);
    expect_equal(read(reading, clip_), expected);
    expect_equal(read_all(reading, clip_), read_all(decoding, clip_));
  }
}

TEST_F(FrameSourceTest, NeverOpensAVideoThatIsCached) {
  ASSERT_TRUE(have_ffmpeg());
  ASSERT_TRUE(make_numbered_video(dir_ / "a.mkv", 12));
  const ClipRef clip = clip_of(dir_ / "a.mkv");
  FrameSource caching(cache({}), CacheUse::fill);
  const Frames before = read(caching, clip);
  // Other bytes that say they are the same file: opening it would fail.
  const auto time = fs::last_write_time(clip.path);
  write_bytes(clip.path, std::string(fs::file_size(clip.path), 'x'));
  fs::last_write_time(clip.path, time);
  expect_equal(read(caching, clip), before);
  FrameSource another_run(cache({}), CacheUse::fill);
  expect_equal(read(another_run, clip), before);
  FrameSource decoding(kShortSide);
  EXPECT_THROW(read(decoding, clip), DataError);
}

TEST_F(FrameSourceTest, ReadingDoesNotFill) {
  FrameSource reading(cache({}), CacheUse::read);
  FrameSource decoding(kShortSide);
  expect_equal(read(reading, clip_), read(decoding, clip_));
  EXPECT_EQ(only_file(), "");
}

TEST_F(FrameSourceTest, MakesADamagedFileAnew) {
  FrameSource decoding(kShortSide);
  const Frames expected = read(decoding, clip_);
  FrameSource source(cache({}), CacheUse::fill);
  read(source, clip_);
  const std::string whole = read_bytes(only_file());
  std::string changed = whole;
  changed[whole.size() / 4] = static_cast<char>(changed[whole.size() / 4] ^ 1);  // in frame 3 or so
  for (const std::string& damaged :
       {whole.substr(0, whole.size() / 2), std::string(whole.size(), '\0'), std::string(), changed}) {
    write_bytes(only_file(), damaged);
    expect_equal(read_all(source, clip_), read_all(decoding, clip_));
    EXPECT_EQ(read_bytes(only_file()), whole);
  }
}

TEST_F(FrameSourceTest, ADamagedFileIsDecodedAroundWhereNothingMayBeStored) {
  FrameSource filling(cache({}), CacheUse::fill), reading(cache({}), CacheUse::read), decoding(kShortSide);
  read(filling, clip_);
  std::string bytes = read_bytes(only_file());
  bytes.replace(0, bytes.size() / 2, bytes.size() / 2, 'x');
  write_bytes(only_file(), bytes);
  expect_equal(read(reading, clip_), read(decoding, clip_));
}

TEST_F(FrameSourceTest, AFullCacheGivesTheSamePixels) {
  const FrameFormat jpeg{FrameEncoding::jpeg, 80};
  FrameSource full(cache(jpeg, 100), CacheUse::fill), decoding(kShortSide, jpeg);
  expect_equal(read(full, clip_), read(decoding, clip_));
  EXPECT_EQ(full.prepare(clip_), 0u);
}

TEST_F(FrameSourceTest, PreparesAheadOfReading) {
  FrameSource source(cache({}), CacheUse::fill);
  const std::uint64_t bytes = source.prepare(clip_);
  EXPECT_EQ(bytes, fs::file_size(only_file()));
  EXPECT_EQ(source.prepare(clip_), bytes);
}

TEST_F(FrameSourceTest, ABrokenClipIsAnErrorThatNamesIt) {
  write_bytes(dir_ / "broken.mp4", "no video");
  FrameSource source(cache({}), CacheUse::fill);
  for (const ClipRef& clip :
       {clip_of(dir_ / "broken.mp4", "the broken one"), clip_of(dir_ / "missing.mp4", "the broken one")}) {
    try {
      read(source, clip);
      ADD_FAILURE() << "no error";
    } catch (const DataError& error) {
      EXPECT_NE(std::string(error.what()).find("the broken one"), std::string::npos) << error.what();
    }
  }
  EXPECT_EQ(only_file(), "");
}

}  // namespace
}  // namespace actrec
