#pragma once

#include <torch/torch.h>

#include <cstdint>

#include "config/settings.h"

namespace actrec {

// Sums up the outputs of a recurrent network over time: [B, T, H] -> [B, H]. `last` of a bidirectional
// network joins the forward half at the last step with the backward half at the first, so both halves have
// read the whole sequence. `attention` weighs the steps with softmax(v . tanh(W h)) (additive attention,
// Bahdanau et al. 2015; as pooling, Yang et al. 2016).
class TemporalPooling : public torch::nn::Module {
 public:
  TemporalPooling(TemporalPool type, std::int64_t dim, bool bidirectional);
  torch::Tensor forward(const torch::Tensor& outputs);

 private:
  TemporalPool type_;
  bool bidirectional_;
  torch::nn::Linear projection_{nullptr};  // attention only, as `score_`
  torch::nn::Linear score_{nullptr};
};

}  // namespace actrec
