#pragma once

#include <filesystem>
#include <memory>
#include <opencv2/core.hpp>

namespace actrec {

struct VideoFormat {
  cv::Size size;                  // of the frames, in pixels
  double pixel_aspect = 1;        // width of a pixel over its height
  double frames_per_second = 25;  // about; each frame has its own time
};

// Writes an MP4 file that browsers play while it loads: H.264 in yuv420p, the index at the front. Where
// FFmpeg lacks libx264 it is MPEG-4 part 2 instead, which is logged. H.264 in yuv420p has even sizes only:
// the last column or row of others is repeated once. The file appears complete under its name, or not at all.
// Not for sharing between threads. Errors are Error with the path.
class VideoWriter {
 public:
  VideoWriter(const std::filesystem::path& path, const VideoFormat& format);
  ~VideoWriter();
  VideoWriter(const VideoWriter&) = delete;
  VideoWriter& operator=(const VideoWriter&) = delete;

  // A frame, uint8 RGB [height, width, 3] of any size (it is scaled to that of the format), and when it is
  // shown; times never decrease.
  void write(const cv::Mat& frame, double time_seconds);
  // The last frame is shown until then. Publishes the file.
  void finish(double end_seconds);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace actrec
