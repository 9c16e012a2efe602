#include "data/video_reader.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <opencv2/imgproc.hpp>
#include <sstream>

#include "core/error.h"
#include "video_fixtures.h"
#include "without_root.h"

namespace actrec {
namespace {

using namespace actrec::testing;

const auto* const kQuiet = ::testing::AddGlobalTestEnvironment(new QuietLibraries);

std::string error_of(const fs::path& path) {
  try {
    open_video(path)->grab();
  } catch (const DataError& error) {
    EXPECT_NE(std::string(error.what()).find(path.string()), std::string::npos) << error.what();
    return std::string(error.what()) + "; " + error.hint();
  }
  return "no error";
}

std::vector<cv::Mat> all_frames(const fs::path& path) {
  std::vector<cv::Mat> frames;
  const auto reader = open_video(path);
  while (reader->grab()) frames.push_back(reader->retrieve().clone());
  return frames;
}

double largest_difference(const cv::Mat& a, const cv::Mat& b) {
  return a.size() == b.size() && a.type() == b.type() ? cv::norm(a, b, cv::NORM_INF) : 1e9;
}

// Compares our frames with the FFmpeg program's: the same number, RGB within 2 levels everywhere, and the
// same pictures when reduced. One thread, since FFmpeg hides damage differently from run to run with several.
int compare_with_ffmpeg(const fs::path& file) {
  FILE* pipe = ::popen(("ffmpeg -nostdin -v quiet -threads 1 -i " + quoted(file) +
                        " -map 0:v:0 -fps_mode passthrough -f rawvideo -pix_fmt rgb24 - 2>/dev/null")
                           .c_str(),
                       "r");
  const auto reader = open_video(file);
  int frames = 0;
  double worst = 0;
  cv::Mat expected;
  while (reader->grab()) {
    const cv::Mat frame = reader->retrieve();
    if (frames > 0) {
      EXPECT_EQ(frame.size(), expected.size());
    }
    expected.create(frame.size(), CV_8UC3);
    const std::size_t bytes = expected.total() * 3;
    if (std::fread(expected.data, 1, bytes, pipe) != bytes) break;
    worst = std::max(worst, cv::norm(frame, expected, cv::NORM_INF));
    ++frames;
  }
  EXPECT_EQ(std::fgetc(pipe), EOF) << "ffmpeg has more frames";
  EXPECT_FALSE(reader->grab()) << "ffmpeg has fewer frames";
  ::pclose(pipe);
  EXPECT_LE(worst, 2);
  return frames;
}

// Frames reduced by half, against FFmpeg's area filter at its highest precision: mean difference of the
// levels.
double difference_from_ffmpeg_when_reduced(const fs::path& file) {
  const auto reader = open_video(file);
  if (!reader->grab()) return 0;
  const cv::Size size = reader->retrieve().size();
  const int side = std::min(size.width, size.height) / 2;
  cv::Mat reduced = reader->retrieve_reduced(side);
  FILE* pipe = ::popen(("ffmpeg -nostdin -v quiet -threads 1 -i " + quoted(file) +
                        " -map 0:v:0 -frames:v 20 -vf scale=" + std::to_string(reduced.cols) + ":" +
                        std::to_string(reduced.rows) +
                        ":flags=area+accurate_rnd+full_chroma_int -fps_mode passthrough -f rawvideo -pix_fmt "
                        "rgb24 - 2>/dev/null")
                           .c_str(),
                       "r");
  cv::Mat expected(reduced.size(), CV_8UC3);
  double sum = 0;
  int frames = 0;
  while (std::fread(expected.data, 3, expected.total(), pipe) == expected.total()) {
    sum += cv::norm(reduced, expected, cv::NORM_L1) / static_cast<double>(3 * expected.total());
    ++frames;
    if (!reader->grab()) break;
    reduced = reader->retrieve_reduced(side);
  }
  ::pclose(pipe);
  return frames > 0 ? sum / frames : 1e9;
}

// But for test pictures of odd size and for files that hold damage: FFmpeg takes the last column of colours
// for a whole one, and sharp, saturated edges show that.
TEST(VideoReader, ReducedFramesAgreeWithFfmpeg) {
  const fs::path folder = shared_data() / "decoder";
  REQUIRE_SHARED(folder);
  int files = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (!has_video_extension(entry.path()) || name.rfind("testsrc2_odd", 0) == 0) continue;
    SCOPED_TRACE(name);
    try {
      EXPECT_LE(difference_from_ffmpeg_when_reduced(entry.path()), 1.0);
      ++files;
    } catch (const DataError&) {  // see the test below
    }
  }
  EXPECT_GE(files, 30);
}

TEST(VideoReader, DecoderFilesAgreeWithFfmpegOrAreErrors) {
  const fs::path folder = shared_data() / "decoder";
  REQUIRE_SHARED(folder);
  REQUIRE_FFMPEG();
  int compared = 0, errors = 0;
  for (const auto& entry : nlohmann::json::parse(read_bytes(folder / "manifest.json"))) {
    const std::string name = entry["file"];
    SCOPED_TRACE(name);
    const std::string expected = entry["decoded_frames"];
    try {
      const int frames = compare_with_ffmpeg(folder / name);
      EXPECT_EQ(frames, expected == "-" ? 0 : std::stoi(expected));
      ++compared;
    } catch (const DataError& error) {
      EXPECT_EQ(expected, "-") << error.what();
      EXPECT_NE(std::string(error.what()).find(name), std::string::npos);
      EXPECT_FALSE(error.hint().empty());
      ++errors;
    }
  }
  EXPECT_EQ(compared, 35);
  EXPECT_EQ(errors, 6);
}

TEST(VideoReader, TimesAgreeWithFfprobe) {
  const fs::path folder = shared_data() / "decoder";
  REQUIRE_SHARED(folder);
  REQUIRE_FFMPEG();
  // Variable frame rates, a first time stamp other than 0, and frames stored in another order.
  for (const char* name : {"sample_android_slow_motion.mp4", "no_duration.webm", "test_non_zero_start.mp4",
                           "sample.avi", "unordered.mov", "bitmap.mp4", "sine_stereo_mp2.mpg"}) {
    SCOPED_TRACE(name);
    std::istringstream lines(
        output_of("ffprobe -v quiet -select_streams v:0 -show_entries "
                  "frame=best_effort_timestamp_time -of csv=p=0 " +
                  quoted(folder / name)));
    const auto reader = open_video(folder / name);
    double first = 0;
    int frames = 0;
    for (std::string line; std::getline(lines, line);) {
      if (line.empty()) continue;
      ASSERT_TRUE(reader->grab());
      // A number, with a comma where a frame has side data, or N/A.
      char* end = nullptr;
      const double seconds = std::strtod(line.c_str(), &end);
      if (frames == 0) first = seconds;
      if (end != line.c_str()) {
        EXPECT_NEAR(reader->time_seconds(), seconds - first, 2e-6) << "frame " << frames;
      }
      ++frames;
    }
    EXPECT_GT(frames, 1);
    EXPECT_FALSE(reader->grab());
  }
}

TEST(VideoReader, ClipsBeginAndEndAtTheFramesThatAreWritten) {
  REQUIRE_FFMPEG();
  const TempDir dir;
  // ffmpeg gives an mp4 of 30 frames per second a time base of 1/15360, which no double holds.
  ASSERT_TRUE(run_ffmpeg("-f lavfi -i color=gray:s=32x32:r=30:d=10 -c:v mpeg4 " + quoted(dir / "a.mp4")));
  std::vector<double> times;
  const auto reader = open_video(dir / "a.mp4");
  while (reader->grab()) times.push_back(reader->time_seconds());
  ASSERT_EQ(times.size(), 300u);
  // Tenths of a second, as a list has them, are every third frame.
  for (std::size_t tenth = 0; tenth < 97; ++tenth) {
    SCOPED_TRACE(tenth);
    ClipRef clip;
    clip.begin_seconds = std::stod(std::to_string(tenth) + "e-1");
    clip.end_seconds = std::stod(std::to_string(tenth + 3) + "e-1");
    std::vector<std::size_t> frames;
    for (std::size_t i = 0; i < times.size(); ++i) {
      if (times[i] >= clip.begin_seconds && times[i] < clip.end_seconds) frames.push_back(i);
    }
    ASSERT_EQ(frames.size(), 9u);
    EXPECT_EQ(frames.front(), 3 * tenth);
  }
}

TEST(VideoReader, DecodesInTheCallingThreadOnly) {
  REQUIRE_FFMPEG();
  const TempDir dir;
  const fs::path video = dir / "a.mp4";
  ASSERT_TRUE(run_ffmpeg("-f lavfi -i testsrc2=s=320x240:d=1 -c:v libx264 " + quoted(video)) ||
              run_ffmpeg("-f lavfi -i testsrc2=s=320x240:d=1 -c:v mpeg4 " + quoted(video)));
  const auto threads = [] {
    return std::distance(fs::directory_iterator("/proc/self/task"), fs::directory_iterator());
  };
  const auto before = threads();
  const auto reader = open_video(video);
  int frames = 0;
  for (; reader->grab(); ++frames) ASSERT_EQ(threads(), before);
  EXPECT_EQ(frames, 25);
}

TEST(VideoReader, ErrorsNameTheFileAndTheReason) {
  const TempDir dir;
  EXPECT_NE(error_of(dir / "missing.mp4").find("does not exist"), std::string::npos);
  fs::create_directory(dir / "closed");
  fs::permissions(dir / "closed", fs::perms::none);
  {
    const testing::WithoutRoot other_user;
    EXPECT_NE(error_of(dir / "closed/a.mp4").find(other_user.works() ? "ermission denied" : "does not exist"),
              std::string::npos);
  }
  write_bytes(dir / "empty.mp4", "");
  EXPECT_NE(error_of(dir / "empty.mp4").find("is empty"), std::string::npos);
  write_bytes(dir / "text.mp4", "version of a file that is kept elsewhere\noid sha256:0\nsize 12\n");
  EXPECT_NE(error_of(dir / "text.mp4").find("holds text"), std::string::npos);
  std::string noise(50000, '\0');
  for (std::size_t i = 0; i < noise.size(); ++i) noise[i] = static_cast<char>(i * i * 2654435761u >> 13);
  write_bytes(dir / "noise.mp4", noise);
  EXPECT_NE(error_of(dir / "noise.mp4").find("is not a readable video"), std::string::npos);
  fs::create_directory(dir / "folder");
  EXPECT_NE(error_of(dir / "folder").find("without numbered frames"), std::string::npos);
  ASSERT_EQ(::mkfifo((dir / "pipe.mp4").c_str(), 0600), 0);
  EXPECT_NE(error_of(dir / "pipe.mp4").find("not a regular file"), std::string::npos);
}

TEST(VideoReader, TruncatedWithoutIndexIsAnError) {
  REQUIRE_FFMPEG();
  const TempDir dir;
  ASSERT_TRUE(run_ffmpeg("-f lavfi -i testsrc2=s=160x120:d=1 -c:v mpeg4 " + quoted(dir / "whole.mp4")));
  const std::string bytes = read_bytes(dir / "whole.mp4");
  write_bytes(dir / "half.mp4", bytes.substr(0, bytes.size() / 2));
  EXPECT_NE(error_of(dir / "half.mp4").find("index is missing"), std::string::npos);
}

TEST(VideoReader, SoundWithoutPicturesIsAnError) {
  REQUIRE_FFMPEG();
  const TempDir dir;
  ASSERT_TRUE(run_ffmpeg("-f lavfi -i sine=d=0.2 -c:a aac " + quoted(dir / "sound.mp4")));
  EXPECT_NE(error_of(dir / "sound.mp4").find("has no video stream"), std::string::npos);
}

TEST(VideoReader, AListPosingAsVideoCannotMakeItReadOtherFiles) {
  REQUIRE_FFMPEG();
  const TempDir dir;
  ASSERT_TRUE(run_ffmpeg("-f lavfi -i testsrc2=s=160x120:d=0.2 -c:v mpeg2video " + quoted(dir / "other.ts")));
  write_bytes(dir / "list.mp4", "ffconcat version 1.0\nfile 'other.ts'\n");
  write_bytes(dir / "list.m3u8",
              "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:0.2,\nother.ts\n#EXT-X-ENDLIST\n");
  EXPECT_NE(error_of(dir / "list.mp4"), "no error");
  EXPECT_NE(error_of(dir / "list.m3u8"), "no error");
}

TEST(VideoReader, PathsMayHoldAnyCharacters) {
  REQUIRE_FFMPEG();
  const TempDir dir;
  const std::string name = "http: \xE6\xBC\xA2\xE5\xAD\x97 100% \xC3\xA4\xC3\xB6.avi";
  ASSERT_TRUE(make_numbered_video(dir / "plain.avi", 3));
  fs::rename(dir / "plain.avi", dir / name);
  EXPECT_EQ(all_frames(dir / name).size(), 3u);
}

TEST(VideoReader, AppliesEveryOrientation) {
  REQUIRE_FFMPEG();
  const TempDir dir;
  cv::Mat image(32, 48, CV_8UC3);
  for (int y = 0; y < image.rows; ++y) {
    for (int x = 0; x < image.cols; ++x)
      image.at<cv::Vec3b>(y, x) = cv::Vec3b(200, static_cast<uchar>(5 * x), static_cast<uchar>(7 * y));
  }
  cv::imwrite((dir / "0.png").string(), image);
  ASSERT_TRUE(run_ffmpeg("-i " + quoted(dir / "0.png") + " -c:v png " + quoted(dir / "a.mp4")));
  std::string bytes = read_bytes(dir / "a.mp4");
  const std::size_t matrix = bytes.find("tkhd") + 44;  // ISO 14496-12, version 0 of the box
  const cv::Mat upright = all_frames(dir / "a.mp4").at(0);
  for (const auto& [a, b, c, d] : std::vector<std::array<int, 4>>{{1, 0, 0, 1},
                                                                  {-1, 0, 0, 1},
                                                                  {1, 0, 0, -1},
                                                                  {-1, 0, 0, -1},
                                                                  {0, 1, 1, 0},
                                                                  {0, 1, -1, 0},
                                                                  {0, -1, 1, 0},
                                                                  {0, -1, -1, 0}}) {
    SCOPED_TRACE(::testing::Message() << "matrix " << a << " " << b << " " << c << " " << d);
    const auto put = [&](std::size_t i, int value) {
      const std::uint32_t fixed = static_cast<std::uint32_t>(value * 65536);
      for (int k = 0; k < 4; ++k)
        bytes[matrix + 4 * i + static_cast<std::size_t>(k)] = static_cast<char>(fixed >> (24 - 8 * k));
    };
    put(0, a), put(1, b), put(3, c), put(4, d);
    write_bytes(dir / "turned.mp4", bytes);
    // (x', y') = (a x + c y, b x + d y), moved to begin at 0.
    cv::Mat expected(a != 0 ? upright.size() : cv::Size(upright.rows, upright.cols), CV_8UC3);
    for (int y = 0; y < upright.rows; ++y) {
      for (int x = 0; x < upright.cols; ++x) {
        const int tx = a * x + c * y, ty = b * x + d * y;
        expected.at<cv::Vec3b>(ty < 0 || b + d < 0 ? ty + expected.rows - 1 : ty,
                               tx < 0 || a + c < 0 ? tx + expected.cols - 1 : tx) =
            upright.at<cv::Vec3b>(y, x);
      }
    }
    const auto reader = open_video(dir / "turned.mp4");
    ASSERT_TRUE(reader->grab());
    EXPECT_EQ(largest_difference(reader->retrieve(), expected), 0);
  }
}

TEST(VideoReader, ColourMatrixAndRangeOfTheStreamAreUsed) {
  REQUIRE_FFMPEG();
  const TempDir dir;
  // Pure red through each matrix and range must come back as red, not as the orange of a mismatch.
  for (const std::string matrix : {"bt709", "bt601"}) {
    for (const std::string range : {"tv", "pc"}) {
      SCOPED_TRACE(matrix + " " + range);
      const std::string tag = matrix == "bt709" ? "bt709" : "smpte170m";
      ASSERT_TRUE(run_ffmpeg("-f lavfi -i color=red:s=64x48:d=0.2 -vf scale=out_color_matrix=" + matrix +
                             ":out_range=" + range + ",format=yuv444p -c:v ffv1 -colorspace " + tag +
                             " -color_range " + range + " " + quoted(dir / "red.mkv")));
      const cv::Vec3b pixel = all_frames(dir / "red.mkv").at(0).at<cv::Vec3b>(20, 20);
      EXPECT_NEAR(pixel[0], 255, 2);
      EXPECT_NEAR(pixel[1], 0, 2);
      EXPECT_NEAR(pixel[2], 0, 2);
    }
  }
}

TEST(VideoReader, FrameSizeMayChangeWithinAStream) {
  REQUIRE_FFMPEG();
  const TempDir dir;
  const auto part = [&](const std::string& name, const std::string& color, const std::string& size) {
    return run_ffmpeg("-f lavfi -i color=" + color + ":s=" + size + ":d=0.2:r=25 -c:v mpeg2video -b:v 2M " +
                      quoted(dir / name));
  };
  ASSERT_TRUE(part("a.ts", "red", "320x240") && part("b.ts", "blue", "640x480") &&
              part("c.ts", "lime", "160x96"));
  write_bytes(dir / "all.ts", read_bytes(dir / "a.ts") + read_bytes(dir / "b.ts") + read_bytes(dir / "c.ts"));
  const std::vector<cv::Mat> frames = all_frames(dir / "all.ts");
  ASSERT_GE(frames.size(), 13u);
  EXPECT_EQ(frames.front().size(), cv::Size(320, 240));
  EXPECT_GT(frames.front().at<cv::Vec3b>(100, 100)[0], 240);
  EXPECT_EQ(frames[7].size(), cv::Size(640, 480));
  EXPECT_GT(frames[7].at<cv::Vec3b>(300, 500)[2], 240);
  EXPECT_EQ(frames.back().size(), cv::Size(160, 96));
  EXPECT_GT(frames.back().at<cv::Vec3b>(50, 100)[1], 240);
}

TEST(VideoReader, FrameFolderEqualsItsVideo) {
  REQUIRE_FFMPEG();
  const TempDir dir;
  fs::create_directory(dir / "frames");
  ASSERT_TRUE(
      run_ffmpeg("-f lavfi -i testsrc2=s=160x120:d=0.5:r=25 -c:v mpeg4 -q:v 3 " + quoted(dir / "a.mp4")));
  ASSERT_TRUE(
      run_ffmpeg("-i " + quoted(dir / "a.mp4") + " -fps_mode passthrough " + quoted(dir / "frames/%d.png")));
  const std::vector<cv::Mat> video = all_frames(dir / "a.mp4"), folder = all_frames(dir / "frames");
  ASSERT_EQ(video.size(), 13u);
  ASSERT_EQ(folder.size(), 13u);
  for (std::size_t i = 0; i < video.size(); ++i) EXPECT_LE(largest_difference(video[i], folder[i]), 0) << i;
}

TEST(VideoReader, KnowsVideoExtensions) {
  for (const char* name : {"a.mp4", "a.AVI", "b/c.mkv", "x.webm", "y.mov"})
    EXPECT_TRUE(has_video_extension(name));
  for (const char* name : {"a.jpg", "mp4", "a.mp4.txt", "a.csv", ""}) EXPECT_FALSE(has_video_extension(name));
}

}  // namespace
}  // namespace actrec
