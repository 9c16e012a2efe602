#pragma once

#include <filesystem>
#include <memory>
#include <opencv2/core.hpp>

struct AVFrame;
struct SwsContext;

namespace actrec {

// Converts FFmpeg's frames to RGB with the colour matrix and range that each frame names (BT.601, limited,
// where it names none). Frames may differ in size and format. Not for sharing between threads.
class FrameConversion {
 public:
  explicit FrameConversion(std::filesystem::path path) : path_(std::move(path)) {}  // for messages
  ~FrameConversion();
  FrameConversion(const FrameConversion&) = delete;
  FrameConversion& operator=(const FrameConversion&) = delete;

  // uint8 RGB [height, width, 3], rows may be padded, with the bits that ffmpeg gives; in memory that the
  // next call uses again. Throws DataError for a format that cannot be converted.
  cv::Mat to_rgb(const AVFrame& frame);

  // The same reduced until the short side is `short_side` pixels, in memory of its own. Planes of 8 bits, the
  // usual case, are reduced before they are converted (see reduce_yuv()).
  cv::Mat to_reduced_rgb(const AVFrame& frame, int short_side);

 private:
  void prepare(const AVFrame& frame);

  std::filesystem::path path_;
  SwsContext* scaler_ = nullptr;
  AVFrame* rgb_ = nullptr;
};

}  // namespace actrec
