#pragma once

#include <torch/torch.h>

namespace actrec {

// AdamW (Loshchilov & Hutter 2019) as LibTorch has it, with the same state and, up to rounding, the same
// results. Where all parameters are float32 on the CPU, a step passes over each once instead of some twelve
// times, which is what such steps take their time for.
class AdamW : public torch::optim::AdamW {
 public:
  using torch::optim::AdamW::AdamW;
  // `closure` must be null.
  torch::Tensor step(LossClosure closure = nullptr) override;
};

}  // namespace actrec
