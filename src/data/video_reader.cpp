#include "data/video_reader.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <opencv2/core/utils/logger.hpp>
#include <string>

#include "core/error.h"
#include "core/text.h"
#include "data/area_resize.h"
#include "data/frame_folder.h"
#include "data/video_file.h"

namespace actrec {

namespace fs = std::filesystem;

cv::Mat VideoReader::retrieve_reduced(int short_side) { return reduce_frame(retrieve(), short_side); }

std::unique_ptr<VideoReader> open_video(const fs::path& path, int threads) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (fs::is_directory(status)) return open_frame_folder(path);
  if (status.type() == fs::file_type::not_found) {
    throw DataError(path.string() + " does not exist",
                    "check the path; paths in a list are relative to the list");
  }
  if (status.type() == fs::file_type::none)  // such as in a directory that may not be entered
    throw DataError(path.string() + " cannot be read: " + error.message(),
                    "check the path and its permissions");
  // Reading a pipe or a device could wait for ever.
  if (!fs::is_regular_file(status)) throw DataError(path.string() + " is not a regular file");
  const std::uintmax_t size = fs::file_size(path, error);
  if (error) throw DataError(path.string() + " cannot be read: " + error.message());
  if (size == 0) {
    throw DataError(path.string() + " is empty", "the recording or download has failed; copy the file again");
  }
  return open_video_file(path, threads);
}

bool is_frame_folder(const fs::path& directory) {
  std::error_code error;
  return fs::is_directory(directory, error) && !numbered_frames(directory).empty();
}

bool has_video_extension(const fs::path& path) {
  static constexpr std::array kExtensions{".mp4",  ".avi", ".mkv", ".mov", ".webm", ".m4v", ".mpg",
                                          ".mpeg", ".wmv", ".flv", ".3gp", ".3g2",  ".ts",  ".mts",
                                          ".m2ts", ".ogv", ".vob", ".asf", ".divx", ".mxf", ".gif"};
  return std::find(kExtensions.begin(), kExtensions.end(), to_lower(path.extension().string())) !=
         kExtensions.end();
}

void configure_video_libraries() {
  cv::setNumThreads(1);
  if (std::getenv("OPENCV_LOG_LEVEL") == nullptr) {
    cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
  }
  // OpenCV's videoio (which writes videos) sets FFmpeg's level from this variable when it is first used.
  constexpr int kKeep = 0, kQuiet = -8;
  ::setenv("OPENCV_FFMPEG_LOGLEVEL", std::to_string(kQuiet).c_str(), kKeep);
  set_ffmpeg_log_level(std::atoi(std::getenv("OPENCV_FFMPEG_LOGLEVEL")));
}

}  // namespace actrec
