#include "engine/classification_loss.h"

namespace actrec {

ClassificationLoss::ClassificationLoss(const torch::Tensor& class_weights, double smoothing,
                                       const torch::Device& device)
    : class_weights_(class_weights.defined() ? class_weights.to(device) : class_weights),
      smoothing_(smoothing) {}

torch::Tensor ClassificationLoss::operator()(const torch::Tensor& logits, const torch::Tensor& labels) const {
  const bool weighted = class_weights_.defined();
  const torch::Tensor scores = logits.log_softmax(1);  // [B, K]
  const torch::Tensor of_labels = torch::nll_loss(scores, labels, class_weights_);
  if (smoothing_ == 0) return of_labels;
  const torch::Tensor of_all =
      weighted ? -(scores * class_weights_).sum() / class_weights_.index_select(0, labels).sum()
               : -scores.sum(1).mean();
  return (1 - smoothing_) * of_labels + smoothing_ / static_cast<double>(scores.size(1)) * of_all;
}

}  // namespace actrec
