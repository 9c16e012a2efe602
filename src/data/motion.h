#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <opencv2/core.hpp>

#include "data/frame_decoder.h"

namespace actrec {

// Motion images: what clip.motion `difference` gives the network in place of a frame's colours. The
// brightness of the frames 3 and 1 before and 1 and 3 after the frame gives three differences of neighbours,
// which become the channels R, G and B: 128 + 2 * difference, clamped to 0..255. So a still scene is grey,
// and the direction of time shows in the order and the sign of the channels.
inline constexpr std::size_t kMotionFrames = 4;
inline constexpr std::int64_t kMotionReach = 3;  // frames before and after

// The frames that make the motion image of frame `frame`; those beyond the clip's ends are the first and the
// last.
std::array<std::int64_t, kMotionFrames> motion_frames(std::int64_t frame, std::int64_t frame_count);

// For each chosen frame its kMotionFrames frames, one after another.
FrameChooser with_motion_frames(const FrameChooser& choose);

// `grey`: uint8 [h, w] each, in their order; `image`: uint8 RGB [h, w, 3], already allocated.
void write_motion_image(const std::array<cv::Mat, kMotionFrames>& grey, cv::Mat& image);

}  // namespace actrec
