#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <opencv2/core.hpp>

#include "config/settings.h"
#include "data/augment.h"

namespace actrec {

// Random changes to a batch of clips that are drawn and not made yet (augment.on_device), so that whatever
// device has the clips can make them.
struct PendingChanges {
  static constexpr std::int64_t kValues = 20;  // an image

  // float32 [B, T, kValues]; [B, 1, kValues] where all images of a clip have the same. Of each image: where
  // its pixels come from (warp_matrix(), 6), width and height of its frame, the change of colours (3 x 4).
  torch::Tensor values;
  FrameSize largest_frame;  // of the batch
  FrameSize size;           // of the images
  Border border = Border::reflect;
  bool color = false;  // whether there are changes of colours
};

// Writes the PendingChanges::kValues of an image of a frame of that size.
void write_changes(cv::Size frame, FrameSize size, Resize resize, const Augmentation& augmentation,
                   float* values);

// With as few values as say the same, and the largest frame that they speak of. `values` is [B, T, kValues]
// on the CPU, B > 0; `pin_memory` is for the result.
PendingChanges completed(PendingChanges changes, bool pin_memory);

// The images, uint8 RGB [B, T, height, width, 3]: what augment_frame() makes of the frames, but for rounding,
// as positions are not rounded to 1/32 pixel here. `frames` is uint8 [B, T, h, w, C] on the same device as
// the values, each frame in the top left corner of its h x w pixels; what lies beside the largest does not
// matter. C is 3 for RGB frames, kMotionFrames for grey ones, which become motion images (motion.h).
torch::Tensor make_changes(const torch::Tensor& frames, const PendingChanges& changes);

}  // namespace actrec
