#include "data/frame_decoder.h"

#include <gtest/gtest.h>

#include <cmath>
#include <thread>

#include "core/error.h"
#include "log_capture.h"
#include "video_fixtures.h"

namespace actrec {
namespace {

using namespace actrec::testing;

using Indices = std::vector<std::int64_t>;

FrameChooser fixed(Indices indices) {
  return [=](std::int64_t) { return indices; };
}

Indices every(std::int64_t count) {
  Indices indices;
  for (std::int64_t i = 0; i < count; ++i) indices.push_back(i);
  return indices;
}

// The numbers of frames made by make_numbered_frames.
std::vector<int> numbers_of(const std::vector<cv::Mat>& frames) {
  std::vector<int> numbers;
  for (const cv::Mat& frame : frames) {
    const int level = frame.at<cv::Vec3b>(frame.rows / 2, frame.cols - 1)[1];
    numbers.push_back(static_cast<int>(std::lround((level - level_of(0)) / 4.0)));
  }
  return numbers;
}

std::int64_t count_frames(FrameDecoder& decoder, const ClipRef& clip) {
  std::int64_t count = 0;
  decoder.decode_all(clip, [&](const cv::Mat&) { ++count; });
  return count;
}

std::string error_of(FrameDecoder& decoder, const ClipRef& clip) {
  try {
    count_frames(decoder, clip);
  } catch (const DataError& error) {
    return std::string(error.what()) + "; " + error.hint();
  }
  return "no error";
}

TEST(FrameDecoder, GivesTheChosenFramesInTheirOrder) {
  REQUIRE_FFMPEG();
  const TempDir dir;
  ASSERT_TRUE(make_numbered_video(dir / "a.mkv", 30));
  FrameDecoder decoder(1000);
  const ClipRef clip = clip_of(dir / "a.mkv");
  for (int pass = 0; pass < 2; ++pass) {  // measuring, then remembered
    EXPECT_EQ(numbers_of(decoder.decode(clip, fixed({3, 7, 7, 29, 0}))), (std::vector<int>{3, 7, 7, 29, 0}));
  }
  EXPECT_EQ(count_frames(decoder, clip), 30);
  const auto frames = decoder.decode(clip, fixed({5, 5}));
  EXPECT_EQ(frames[0].data, frames[1].data) << "repeated frames should share their pixels";
  EXPECT_EQ(frames[0].size(), cv::Size(64, 48));
}

TEST(FrameDecoder, ChoosesWithTheTrueCountWhateverTheHeaderSays) {
  REQUIRE_FFMPEG();
  const TempDir dir;
  ASSERT_TRUE(make_numbered_video(dir / "a.avi", 30));
  // An AVI header's frame counts are the fifth value of avih and the ninth of the video's strh.
  std::string bytes = read_bytes(dir / "a.avi");
  for (const int claimed : {0, 10, 29, 32, 50'000'000}) {
    SCOPED_TRACE(claimed);
    const auto put = [&](std::size_t at) {
      for (std::size_t k = 0; k < 4; ++k) bytes[at + k] = static_cast<char>(claimed >> (8 * k) & 0xff);
    };
    put(bytes.find("avih") + 8 + 16);
    put(bytes.find("strh") + 8 + 32);
    const fs::path path = dir / ("claims" + std::to_string(claimed) + ".avi");
    write_bytes(path, bytes);
    EXPECT_EQ(open_video(path)->header().claimed_frames, claimed);
    FrameDecoder decoder(1000);
    // Middle and last frame, for which a wrong count would show; too few frames are an error.
    const FrameChooser choose = [](std::int64_t count) {
      if (count < 30) throw DataError("the clip is too short");
      return Indices{count / 2, count - 1};
    };
    const LogCapture quiet;
    EXPECT_EQ(numbers_of(decoder.decode(clip_of(path), choose)), (std::vector<int>{15, 29}));
    EXPECT_EQ(numbers_of(decoder.decode(clip_of(path), choose)), (std::vector<int>{15, 29}));
    EXPECT_EQ(count_frames(decoder, clip_of(path)), 30);
  }
}

TEST(FrameDecoder, MeasuresWhatFfprobeCounts) {
  const fs::path folder = shared_data() / "ut-interaction-set1";
  REQUIRE_SHARED(folder);
  REQUIRE_FFMPEG();
  FrameDecoder decoder(128);
  int compared = 0, wrong_headers = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!has_video_extension(entry.path()) || compared == 10) continue;
    const std::string counted = output_of(
        "ffprobe -v quiet -count_frames -select_streams v:0 -show_entries stream=nb_read_frames -of "
        "csv=p=0 " +
        quoted(entry.path()));
    const ClipRef clip = clip_of(entry.path());
    EXPECT_EQ(count_frames(decoder, clip), std::stoll(counted)) << entry.path();
    wrong_headers += open_video(clip.path)->header().claimed_frames != count_frames(decoder, clip);
    ++compared;
  }
  EXPECT_EQ(compared, 10);
  EXPECT_GT(wrong_headers, 0);
}

TEST(FrameDecoder, DamagedPacketsAreSkipped) {
  const fs::path file = shared_data() / "decoder" / "corrupted.mp4";
  REQUIRE_SHARED(file);
  FrameDecoder decoder(128);
  EXPECT_EQ(decoder.decode(clip_of(file), every).size(), 49u);
}

TEST(FrameDecoder, PartsOfAVideoHaveTheirOwnFrames) {
  REQUIRE_FFMPEG();
  const TempDir dir;
  ASSERT_TRUE(make_numbered_video(dir / "a.avi", 30));
  make_numbered_frames(dir / "folder", 30);
  FrameDecoder decoder(1000);
  for (const char* name : {"a.avi", "folder"}) {
    SCOPED_TRACE(name);
    ClipRef clip = clip_of(dir / name);
    // Frames are 0.04 s apart: 0.2 s is frame 5 and 0.41 s lies after frame 10.
    clip.begin_seconds = 0.2;
    clip.end_seconds = 0.41;
    EXPECT_EQ(numbers_of(decoder.decode(clip, every)), (std::vector<int>{5, 6, 7, 8, 9, 10}));
    EXPECT_EQ(count_frames(decoder, clip), 6);
    clip.end_seconds = 0.4;  // frame 10 is outside
    EXPECT_EQ(numbers_of(decoder.decode(clip, every)), (std::vector<int>{5, 6, 7, 8, 9}));
    clip.begin_seconds = 1.1;
    clip.end_seconds = 99;
    EXPECT_EQ(numbers_of(decoder.decode(clip, every)), (std::vector<int>{28, 29}));
  }
}

TEST(FrameDecoder, PartsWithoutFramesAreErrors) {
  REQUIRE_FFMPEG();
  const TempDir dir;
  ASSERT_TRUE(make_numbered_video(dir / "a.avi", 30));
  FrameDecoder decoder(1000);
  ClipRef clip = clip_of(dir / "a.avi", "late.mp4");
  clip.begin_seconds = 5;
  clip.end_seconds = 6.5;
  const std::string late = error_of(decoder, clip);
  EXPECT_NE(late.find("clip 'late.mp4'"), std::string::npos) << late;
  EXPECT_NE(late.find("between 5 s and 6.5 s: its last frame is at 1.16 s"), std::string::npos) << late;
  clip.begin_seconds = 0.41;
  clip.end_seconds = 0.43;
  EXPECT_NE(error_of(decoder, clip).find("shorter than a frame"), std::string::npos);
}

TEST(FrameDecoder, PassesOnEveryFrameOfTheClip) {
  const TempDir dir;
  make_numbered_frames(dir / "folder", 9);
  FrameDecoder decoder(40);
  ClipRef clip = clip_of(dir / "folder");
  const auto decode_all = [&] {
    std::vector<cv::Mat> frames;
    decoder.decode_all(clip, [&](const cv::Mat& frame) { frames.push_back(frame.clone()); });
    return frames;
  };
  EXPECT_EQ(numbers_of(decode_all()), (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8}));
  EXPECT_EQ(decode_all()[0].rows, 40);
  clip.begin_seconds = 0.08;
  clip.end_seconds = 0.2;
  EXPECT_EQ(numbers_of(decode_all()), (std::vector<int>{2, 3, 4}));
}

TEST(FrameDecoder, RefusesFramesThatCannotBeWarped) {
  const TempDir dir;
  fs::create_directory(dir / "folder");
  cv::imwrite((dir / "folder/1.png").string(), cv::Mat(3, 40'000, CV_8UC3, cv::Scalar::all(9)));
  FrameDecoder decoder(100);
  EXPECT_NE(error_of(decoder, clip_of(dir / "folder")).find("40000x3 pixels"), std::string::npos);
}

TEST(FrameDecoder, ErrorsNameTheClip) {
  const TempDir dir;
  FrameDecoder decoder(100);
  EXPECT_NE(error_of(decoder, clip_of(dir / "missing.mp4", "wave/7")).find("clip 'wave/7'"),
            std::string::npos);
  make_numbered_frames(dir / "folder", 4);
  write_bytes(dir / "folder/frame2.png", "no image");
  try {
    decoder.decode(clip_of(dir / "folder", "wave/8"), every);
    FAIL() << "no error";
  } catch (const DataError& error) {
    EXPECT_NE(std::string(error.what()).find("clip 'wave/8'"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("frame2.png"), std::string::npos);
  }
}

TEST(FrameDecoder, AVideoWithoutDecodableFramesIsAnError) {
  const fs::path file = shared_data() / "decoder" / "invalid-bitstream.webm";
  REQUIRE_SHARED(file);
  FrameDecoder decoder(100);
  EXPECT_NE(error_of(decoder, clip_of(file)).find("has no frame that can be decoded"), std::string::npos);
}

TEST(FrameDecoder, WarnsOnceOfATruncatedVideo) {
  REQUIRE_FFMPEG();
  const TempDir dir;
  ASSERT_TRUE(
      run_ffmpeg("-f lavfi -i testsrc2=s=160x120:r=25 -frames:v 40 -c:v mjpeg " + quoted(dir / "whole.avi")));
  const std::string bytes = read_bytes(dir / "whole.avi");
  write_bytes(dir / "half.avi", bytes.substr(0, bytes.size() / 2));
  FrameDecoder decoder(100);
  std::string first, second;
  {
    const LogCapture log;
    EXPECT_GE(decoder.decode(clip_of(dir / "half.avi", "half"), every).size(), 10u);
    first = log.text();
    decoder.decode(clip_of(dir / "half.avi", "half"), every);
    decoder.decode(clip_of(dir / "whole.avi", "whole"), every);
    second = log.text();
  }
  EXPECT_NE(first.find("clip 'half'"), std::string::npos) << first;
  EXPECT_NE(first.find("claims 40 frames"), std::string::npos) << first;
  EXPECT_EQ(first, second);
}

TEST(FrameDecoder, MeasuresAgainWhenTheFileHasBecomeShorter) {
  REQUIRE_FFMPEG();
  const TempDir dir;
  ASSERT_TRUE(make_numbered_video(dir / "a.mkv", 30) && make_numbered_video(dir / "b.mkv", 12));
  FrameDecoder decoder(1000);
  const ClipRef clip = clip_of(dir / "a.mkv");
  const FrameChooser last = [](std::int64_t count) { return Indices{count - 1}; };
  EXPECT_EQ(numbers_of(decoder.decode(clip, last)), (std::vector<int>{29}));
  fs::rename(dir / "b.mkv", dir / "a.mkv");
  EXPECT_EQ(numbers_of(decoder.decode(clip, last)), (std::vector<int>{11}));
  EXPECT_EQ(count_frames(decoder, clip), 12);
}

TEST(FrameDecoder, ReducesByAveragingToTheShortSide) {
  const TempDir dir;
  cv::Mat image(40, 80, CV_8UC3);
  for (int y = 0; y < image.rows; ++y) {
    for (int x = 0; x < image.cols; ++x)
      image.at<cv::Vec3b>(y, x) =
          cv::Vec3b(static_cast<uchar>(3 * x), static_cast<uchar>(5 * y), static_cast<uchar>(x + y));
  }
  cv::imwrite((dir / "1.png").string(), image);
  const auto reduced_to = [&](int short_side) {
    FrameDecoder decoder(short_side);
    return decoder.decode(clip_of(dir.path()), fixed({0})).at(0);
  };
  const cv::Mat half = reduced_to(20);
  ASSERT_EQ(half.size(), cv::Size(40, 20));
  for (int y = 0; y < 20; ++y) {
    for (int x = 0; x < 40; ++x) {
      cv::Vec3d sum;
      for (const auto& [dx, dy] : {std::pair{0, 0}, {0, 1}, {1, 0}, {1, 1}})
        sum += image.at<cv::Vec3b>(2 * y + dy, 2 * x + dx);
      for (int c = 0; c < 3; ++c) ASSERT_NEAR(half.at<cv::Vec3b>(y, x)[2 - c], sum[c] / 4, 0.51);
    }
  }
  EXPECT_EQ(reduced_to(17).size(), cv::Size(34, 17));
  EXPECT_EQ(reduced_to(40).size(), cv::Size(80, 40));
  EXPECT_EQ(reduced_to(64).size(), cv::Size(80, 40)) << "small frames stay as they are";
}

TEST(FrameDecoder, ManyThreadsMayShareIt) {
  REQUIRE_FFMPEG();
  const TempDir dir;
  std::vector<ClipRef> clips;
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(make_numbered_video(dir / (std::to_string(i) + ".avi"), 10 + i));
    clips.push_back(clip_of(dir / (std::to_string(i) + ".avi")));
  }
  FrameDecoder decoder(1000);
  std::vector<std::thread> threads;
  std::vector<int> wrong(4, 0);
  for (std::size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (std::size_t i = 0; i < 12; ++i) {
        const std::size_t which = (i + t) % 4;
        const auto numbers = numbers_of(decoder.decode(clips[which], every));
        if (numbers.size() != 10 + which || numbers.back() != static_cast<int>(9 + which)) ++wrong[t];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(4, 0));
}

}  // namespace
}  // namespace actrec
