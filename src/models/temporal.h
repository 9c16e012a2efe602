#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "config/settings.h"

namespace actrec {

// Where a head stands in a sequence that it reads frame by frame.
struct TemporalState {
  std::vector<torch::Tensor> recurrent;  // of the network; empty before the first frame
  torch::Tensor outputs;                 // the last steps' outputs, which are summed up, [1, up to window, H]
  torch::Tensor features;                // of the frame before, as the encoder gave them, [1, 1, D]
};

// Reads a sequence of frame features and sums it up in one vector:
// float32 [B, T, D] -> [B, dim()], any T >= 1.
class TemporalHead : public torch::nn::Module {
 public:
  virtual torch::Tensor forward(const torch::Tensor& features) = 0;
  virtual std::int64_t dim() const = 0;

  // Whether step() is possible: not for a head that reads backwards as well.
  virtual bool can_step() const { return true; }
  // Reads one more frame, [1, 1, D], and sums up the outputs of the last `window` steps: [1, dim()]. As long
  // as there were no more of them (pool `last`: always), that is what forward() gives for all frames so far.
  virtual torch::Tensor step(const torch::Tensor& features, std::int64_t window, TemporalState& state) = 0;
};

// The head that settings.type names, for features of `input_dim` numbers. LSTM and GRU start with orthogonal
// recurrent matrices (Saxe et al. 2014) and, for the LSTM, a forget-gate bias of 1 (Jozefowicz et al. 2015).
std::shared_ptr<TemporalHead> make_temporal(const TemporalSettings& settings, std::int64_t input_dim);

}  // namespace actrec
