#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "data/video_reader.h"

namespace actrec {

// Reads a video file with FFmpeg's libraries. OpenCV's VideoCapture will not do: it ends a video at the
// first damaged packet or at the header's frame count, converts every video with the BT.601 matrix, and
// takes every core for each open file. `threads` as in open_video().
std::unique_ptr<VideoReader> open_video_file(const std::filesystem::path& path, int threads);

// Bytes that come one after another.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // Waits for some bytes; 0 at the end, below 0 after an error.
  virtual std::ptrdiff_t read(std::uint8_t* bytes, std::size_t size) = 0;
};

// Reads a video that is still going on, from front to back: what `source` gives or, where it is null, what
// FFmpeg finds at the URL `name`. Frames come as soon as they can be decoded.
std::unique_ptr<VideoReader> open_video_stream(const std::string& name, std::unique_ptr<ByteSource> source);

// Sets the level of FFmpeg's log, process-wide: "-8" is silent, "16" errors, "32" information.
void set_ffmpeg_log_level(int level);

}  // namespace actrec
