#include "data/frame_images.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>

namespace actrec {
namespace {

Augmentation view_of(int view) {
  Augmentation augmentation;
  augmentation.flip = view == 1;
  return augmentation;
}

}  // namespace

void FrameWarp::rgb(const cv::Mat& frame, const Augmentation& augmentation, cv::Mat& output) const {
  augment_frame(frame, clip_.size, clip_.resize, border_, augmentation, output);
}

void FrameWarp::grey(const cv::Mat& frame, const Augmentation& augmentation, cv::Mat& output) const {
  static thread_local cv::Mat brightness;
  cv::cvtColor(frame, brightness, cv::COLOR_RGB2GRAY);
  output.create(clip_.size.height, clip_.size.width, CV_8UC1);
  rgb(brightness, augmentation, output);
}

FrameImages::FrameImages(const ClipSettings& clip, const AugmentSettings& augment, int views)
    : clip_(clip), warp_(clip, augment), reach_(clip.motion == MotionInput::none ? 0 : kMotionReach) {
  recent_.resize(reach_ > 0 ? static_cast<std::size_t>(views) : 1);
}

void FrameImages::push(const cv::Mat& frame) {
  const auto place = static_cast<std::size_t>(count_++ % kKept);
  if (reach_ == 0) {
    recent_[0][place] = frame;
    return;
  }
  for (std::size_t view = 0; view < recent_.size(); ++view)
    warp_.grey(frame, view_of(static_cast<int>(view)), recent_[view][place]);
}

std::int64_t FrameImages::ready() const {
  return finished_ ? count_ : std::max<std::int64_t>(0, count_ - reach_);
}

void FrameImages::write(std::int64_t frame, int view, std::uint8_t* pixels) const {
  cv::Mat output(clip_.size.height, clip_.size.width, CV_8UC3, pixels);
  if (reach_ == 0) {
    warp_.rgb(recent_[0][static_cast<std::size_t>(frame % kKept)], view_of(view), output);
    return;
  }
  std::array<cv::Mat, kMotionFrames> grey;
  const auto frames = motion_frames(frame, count_);
  for (std::size_t i = 0; i < kMotionFrames; ++i)
    grey[i] = recent_[static_cast<std::size_t>(view)][static_cast<std::size_t>(frames[i] % kKept)];
  write_motion_image(grey, output);
}

}  // namespace actrec
