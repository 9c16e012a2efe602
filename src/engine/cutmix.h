#pragma once

#include <torch/torch.h>

namespace actrec {

// Clips that are partly others of their batch.
struct MixedClips {
  torch::Tensor clips;         // as those they were made of
  torch::Tensor other_labels;  // int64 [B], of the clips that the parts come from
  double own = 1;  // what a clip's own label counts for in the loss; its other one counts for the rest
};

// CutMix (Yun et al. 2019) for clips: each gets a rectangle of another one, the same rectangle in all frames,
// and the labels count by area. The area is drawn evenly between nothing and all, the other clip at random.
// `clips`: pixels, uint8 RGB [B, T, H, W, 3], or features of `grid` x `grid` cells, [B, T, C * grid * grid];
// `labels`: int64 [B]. Both stay as they are. Draws from LibTorch's generator.
MixedClips cut_and_mix(const torch::Tensor& clips, const torch::Tensor& labels, int grid);

}  // namespace actrec
