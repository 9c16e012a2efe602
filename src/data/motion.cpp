#include "data/motion.h"

#include <algorithm>
#include <vector>

namespace actrec {

std::array<std::int64_t, kMotionFrames> motion_frames(std::int64_t frame, std::int64_t frame_count) {
  std::array<std::int64_t, kMotionFrames> frames{frame - 3, frame - 1, frame + 1, frame + 3};
  for (std::int64_t& neighbour : frames) neighbour = std::clamp<std::int64_t>(neighbour, 0, frame_count - 1);
  return frames;
}

FrameChooser with_motion_frames(const FrameChooser& choose) {
  return [choose](std::int64_t frame_count) {
    std::vector<std::int64_t> frames;
    for (const std::int64_t frame : choose(frame_count)) {
      for (const std::int64_t neighbour : motion_frames(frame, frame_count)) frames.push_back(neighbour);
    }
    return frames;
  };
}

void write_motion_image(const std::array<cv::Mat, kMotionFrames>& grey, cv::Mat& image) {
  for (int y = 0; y < image.rows; ++y) {
    std::array<const std::uint8_t*, kMotionFrames> rows;
    for (std::size_t i = 0; i < kMotionFrames; ++i) rows[i] = grey[i].ptr<std::uint8_t>(y);
    auto* pixel = image.ptr<std::uint8_t>(y);
    for (int x = 0; x < image.cols; ++x) {
      for (std::size_t channel = 0; channel + 1 < kMotionFrames; ++channel) {
        const int difference = rows[channel + 1][x] - rows[channel][x];
        *pixel++ = static_cast<std::uint8_t>(std::clamp(128 + 2 * difference, 0, 255));
      }
    }
  }
}

}  // namespace actrec
