#pragma once

#include <torch/torch.h>

#include <cstdint>

#include "config/settings.h"

namespace actrec {

// What frame features go through before the sequence is read: float32 [B, T, D] -> [B, T, dim()]. In this
// order, each where its setting asks for it: standardised by the training clips' statistics (buffers `mean`
// and `deviation`, [D]); joined by their differences from the frame before, zeros for the first (temporal
// differences: Wang et al. 2021); features dropped out, the same ones for all frames of a clip (Gal &
// Ghahramani 2016); a dense layer with layer normalisation (Ba et al. 2016) and ReLU.
class FeatureInput : public torch::nn::Module {
 public:
  FeatureInput(const TemporalSettings& settings, std::int64_t input_dim);
  // `before`: features [B, 1, D] of the frame before the first; undefined where there is none.
  torch::Tensor forward(torch::Tensor features, const torch::Tensor& before = {});
  std::int64_t dim() const { return dim_; }

  bool standardizes() const { return mean_.defined(); }
  // float32 [D], of the features of training clips. Only where standardizes().
  void set_statistics(const torch::Tensor& mean, const torch::Tensor& deviation);

 private:
  bool differences_;
  double dropout_;
  std::int64_t dim_;
  torch::Tensor mean_, deviation_;
  torch::nn::Linear projection_{nullptr};
  torch::nn::LayerNorm norm_{nullptr};
};

}  // namespace actrec
