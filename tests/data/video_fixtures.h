#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <opencv2/imgcodecs.hpp>
#include <string>
#include <vector>

#include "data/clip_ref.h"
#include "data/video_reader.h"
#include "temporary_directory.h"

namespace actrec::testing {

namespace fs = std::filesystem;

// Recorded videos that are no part of the project; tests of them skip where they are missing.
inline fs::path shared_data() { return fs::path(ACTREC_SOURCE_DIR) / "../shared/data"; }

using TempDir = TemporaryDirectory;

inline std::string quoted(const fs::path& path) { return "'" + path.string() + "'"; }

// What a command writes to its standard output.
inline std::string output_of(const std::string& command) {
  std::string output;
  FILE* pipe = ::popen((command + " 2>/dev/null").c_str(), "r");
  if (pipe == nullptr) return output;
  char buffer[65536];
  for (std::size_t n; (n = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) output.append(buffer, n);
  ::pclose(pipe);
  return output;
}

inline bool have_ffmpeg() {
  static const bool have = !output_of("ffmpeg -version").empty() && !output_of("ffprobe -version").empty();
  return have;
}

inline bool run_ffmpeg(const std::string& arguments) {
  return std::system(("ffmpeg -nostdin -v error -y " + arguments).c_str()) == 0;
}

inline void write_bytes(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

inline std::string read_bytes(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The grey level that stands for a frame's number in make_numbered_frames.
inline int level_of(int frame) { return 20 + 4 * frame; }

// frame0.png, frame1.png ...: each one grey level, with a darker left half so that mirroring shows.
inline void make_numbered_frames(const fs::path& directory, int count, cv::Size size = {64, 48}) {
  fs::create_directories(directory);
  for (int i = 0; i < count; ++i) {
    cv::Mat image(size, CV_8UC3, cv::Scalar::all(level_of(i)));
    image.colRange(0, size.width / 2) -= cv::Scalar::all(10);
    cv::imwrite((directory / ("frame" + std::to_string(i) + ".png")).string(), image);
  }
}

// The same frames as a lossless RGB video of 25 frames per second, in the container of the extension.
inline bool make_numbered_video(const fs::path& video, int count, cv::Size size = {64, 48}) {
  const TempDir frames;
  make_numbered_frames(frames.path(), count, size);
  return run_ffmpeg("-framerate 25 -i " + quoted(frames / "frame%d.png") + " -c:v ffv1 -pix_fmt bgr0 " +
                    quoted(video));
}

inline ClipRef clip_of(const fs::path& path, const std::string& name = "the clip") {
  ClipRef clip;
  clip.path = path;
  clip.name = name;
  return clip;
}

// Turns the libraries' own messages off, as the program does at its start.
class QuietLibraries : public ::testing::Environment {
 public:
  void SetUp() override { configure_video_libraries(); }
};

}  // namespace actrec::testing

#define REQUIRE_FFMPEG() \
  if (!actrec::testing::have_ffmpeg()) GTEST_SKIP() << "ffmpeg and ffprobe are not installed"
#define REQUIRE_SHARED(path) \
  if (!std::filesystem::exists(path)) GTEST_SKIP() << (path).string() << " is not here"
