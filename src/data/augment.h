#pragma once

#include <opencv2/core.hpp>

#include "config/settings.h"
#include "core/random.h"

namespace actrec {

// One draw of every random change: where each output pixel comes from, and the colour change.
struct Augmentation {
  bool flip = false;
  double scale_x = 1, scale_y = 1;  // > 1 enlarges the content
  double shift_x = 0, shift_y = 0;  // fraction of the frame's width and height; > 0 moves it right and down
  double degrees = 0;               // counter-clockwise about the centre
  cv::Rect2d crop{0, 0, 1, 1};      // part of the frame, as fractions of its size
  cv::Matx34f color{1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0};  // RGB 0..255 -> RGB 0..255, applied to each pixel
  bool changes_color = false;
};

// Draws within the ranges of the settings; a pure function of them and the generator's key.
Augmentation draw_augmentation(const AugmentSettings& settings, KeyedRandom& random);

// The one matrix that takes a frame to the network's input: output pixel (x, y, 1) -> source position,
// pixel centres at integers. Composes, from the source outwards: crop, resize (stretch, crop, letterbox)
// to `output`, affine about the centre, flip.
cv::Matx23d warp_matrix(cv::Size source, FrameSize output, Resize resize, const Augmentation& augmentation);

// Warps an RGB or grey frame (uint8 [h, w, 3] or [h, w]) once, bilinearly, into `output` (of the same kind,
// already allocated with its size and not reallocated), then changes its colours; grey changes as its
// brightness would. What lies outside the frame follows `border`; with Resize::letterbox it is black.
void augment_frame(const cv::Mat& frame, FrameSize size, Resize resize, Border border,
                   const Augmentation& augmentation, cv::Mat& output);

}  // namespace actrec
