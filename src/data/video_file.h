#pragma once

#include <filesystem>
#include <memory>

#include "data/video_reader.h"

namespace actrec {

// Reads a video file with FFmpeg's libraries. OpenCV's VideoCapture will not do: it ends a video at the
// first damaged packet or at the header's frame count, converts every video with the BT.601 matrix, and
// takes every core for each open file. `threads` as in open_video().
std::unique_ptr<VideoReader> open_video_file(const std::filesystem::path& path, int threads);

// Sets the level of FFmpeg's log, process-wide: "-8" is silent, "16" errors, "32" information.
void set_ffmpeg_log_level(int level);

}  // namespace actrec
