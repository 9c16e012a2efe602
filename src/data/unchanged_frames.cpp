#include "data/unchanged_frames.h"

#include <algorithm>

namespace actrec {

cv::Mat UnchangedFrames::place(std::size_t i, cv::Size size) {
  if (size.height > pixels_.size(1) || size.width > pixels_.size(2)) {
    const torch::Tensor before = pixels_;
    pixels_ = torch::empty({before.size(0), std::max<std::int64_t>(size.height, before.size(1)),
                            std::max<std::int64_t>(size.width, before.size(2)), before.size(3)},
                           torch::kUInt8);
    copy_frames(before, pixels_);
  }
  const torch::Tensor room = pixels_[static_cast<std::int64_t>(i)];
  return {size, CV_8UC(static_cast<int>(room.size(2))), room.data_ptr(),
          static_cast<std::size_t>(room.stride(0))};
}

void copy_frames(const torch::Tensor& frames, const torch::Tensor& room) {
  room.narrow(1, 0, frames.size(1)).narrow(2, 0, frames.size(2)).copy_(frames);
}

}  // namespace actrec
