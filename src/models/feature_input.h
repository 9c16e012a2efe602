#pragma once

#include <torch/torch.h>

#include <cstdint>

#include "config/settings.h"

namespace actrec {

// What frame features go through before the sequence is read: float32 [B, T, D] -> [B, T, dim()]. In this
// order, each where its setting asks for it: standardised by the training clips' statistics (buffers `mean`
// and `deviation`, [D]); features dropped out, the same ones for all frames of a clip (Gal & Ghahramani
// 2016); a dense layer with layer normalisation (Ba et al. 2016) and ReLU.
class FeatureInput : public torch::nn::Module {
 public:
  FeatureInput(const TemporalSettings& settings, std::int64_t input_dim);
  torch::Tensor forward(torch::Tensor features);
  std::int64_t dim() const { return dim_; }

  bool standardizes() const { return mean_.defined(); }
  // float32 [D], of the features of training clips. Only where standardizes().
  void set_statistics(const torch::Tensor& mean, const torch::Tensor& deviation);

 private:
  double dropout_;
  std::int64_t dim_;
  torch::Tensor mean_, deviation_;
  torch::nn::Linear projection_{nullptr};
  torch::nn::LayerNorm norm_{nullptr};
};

}  // namespace actrec
