#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <memory>

#include "config/settings.h"

namespace actrec {

// Reads a sequence of frame features and sums it up in one vector:
// float32 [B, T, D] -> [B, dim()], any T >= 1.
class TemporalHead : public torch::nn::Module {
 public:
  virtual torch::Tensor forward(const torch::Tensor& features) = 0;
  virtual std::int64_t dim() const = 0;
};

// The head that settings.type names, for features of `input_dim` numbers. LSTM and GRU start with orthogonal
// recurrent matrices (Saxe et al. 2014) and, for the LSTM, a forget-gate bias of 1 (Jozefowicz et al. 2015).
std::shared_ptr<TemporalHead> make_temporal(const TemporalSettings& settings, std::int64_t input_dim);

}  // namespace actrec
