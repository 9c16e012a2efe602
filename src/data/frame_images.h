#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <opencv2/core.hpp>
#include <vector>

#include "config/settings.h"
#include "data/augment.h"
#include "data/motion.h"

namespace actrec {

// Fits working frames, uint8 RGB [h, w, 3], to the network's input. Safe to call from many threads at once.
class FrameWarp {
 public:
  FrameWarp(const ClipSettings& clip, const AugmentSettings& augment)
      : clip_(clip), border_(augment.border) {}

  // The output, uint8 RGB [clip.size, 3], is already allocated.
  void rgb(const cv::Mat& frame, const Augmentation& augmentation, cv::Mat& output) const;
  // The frame's brightness, uint8 [clip.size]; allocated where it is not.
  void grey(const cv::Mat& frame, const Augmentation& augmentation, cv::Mat& output) const;

 private:
  ClipSettings clip_;
  Border border_;
};

// The images that the network gets of a video's frames, which come one after another: with clip.motion, an
// image needs frames after its own, so images lag behind. They are what ClipPipeline gives for the same
// frames of the whole video. Memory does not grow with the video. Not for sharing between threads.
class FrameImages {
 public:
  // `views` is 2 where mirror images are wanted as well.
  FrameImages(const ClipSettings& clip, const AugmentSettings& augment, int views = 1);

  // The next working frame. Its pixels must stay as they are until the image of the frame has been written.
  void push(const cv::Mat& frame);
  // There are no more frames.
  void finish() { finished_ = true; }

  std::int64_t count() const { return count_; }  // frames pushed
  // Images of frames before this one can be made now, and will be as they are for `reach()` more frames.
  std::int64_t ready() const;
  std::int64_t reach() const { return reach_; }
  // The image of a frame before ready() that is at most reach() frames old, uint8 RGB [height, width, 3];
  // view 1 is its mirror image.
  void write(std::int64_t frame, int view, std::uint8_t* pixels) const;

 private:
  static constexpr std::int64_t kKept = 2 * kMotionReach + 1;

  ClipSettings clip_;
  FrameWarp warp_;
  std::int64_t reach_;                              // frames that an image needs after its own
  std::vector<std::array<cv::Mat, kKept>> recent_;  // frame i at i % kKept; for each view with motion
  std::int64_t count_ = 0;
  bool finished_ = false;
};

}  // namespace actrec
