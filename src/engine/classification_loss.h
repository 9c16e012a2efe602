#pragma once

#include <torch/torch.h>

namespace actrec {

// Cross-entropy, averaged over a batch with the weight of each clip's class, and with smoothed labels
// (Szegedy et al., Rethinking the Inception Architecture, 2016): the value of LibTorch's cross_entropy(),
// which waits for the device where labels are smoothed. Safe to call from many threads.
class ClassificationLoss {
 public:
  // `class_weights`: float32 [K], or undefined where every clip counts the same. `smoothing`: the share of a
  // label that all classes get in equal parts, in [0, 1).
  ClassificationLoss(const torch::Tensor& class_weights, double smoothing, const torch::Device& device);

  // Of logits, float32 [B, K], and labels, int64 [B], in [0, K), both on the device; a scalar that gradients
  // can be asked of.
  torch::Tensor operator()(const torch::Tensor& logits, const torch::Tensor& labels) const;

 private:
  torch::Tensor class_weights_;
  double smoothing_;
};

}  // namespace actrec
