#pragma once

#include <torch/torch.h>

#include <cstddef>
#include <opencv2/core.hpp>

namespace actrec {

// The frames of a clip, each in the top left corner of as much room, in memory of a batch as long as that
// suffices. Not for sharing between threads.
class UnchangedFrames {
 public:
  UnchangedFrames() = default;
  // `memory`: uint8 [T, h, w, C].
  explicit UnchangedFrames(const torch::Tensor& memory) : memory_(memory), pixels_(memory) {}

  // Where to write frame `i`, which has that size. What was written before stays.
  cv::Mat place(std::size_t i, cv::Size size);

  const torch::Tensor& pixels() const { return pixels_; }  // uint8 [T, h, w, C]
  bool outgrew_memory() const { return !pixels_.is_same(memory_); }

 private:
  torch::Tensor memory_, pixels_;
};

// Copies frames [T, h, w, C] to the top left corners of larger room.
void copy_frames(const torch::Tensor& frames, const torch::Tensor& room);

}  // namespace actrec
