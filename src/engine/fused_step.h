#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <vector>

#include "core/torch_compat.h"

namespace actrec {

// Steps of an optimiser for which the host never waits: the gradient's norm stays on the device, where it is
// clipped, and all parameters of a group are changed by one operation. From the first gradient on that is not
// finite, nothing changes any more: the host may look late, and then finds the state before that step. Not
// for sharing between threads.
class FusedStep {
 public:
  // Whether LibTorch has those operations: from 2.4 on.
  static constexpr bool kAvailable = kHasFusedOptimizers;

  // `optimizer`, which must outlive this, is LibTorch's Adam, AdamW or SGD (without dampening), or of a class
  // derived from it, and its parameters are float32 on `device`. `gradient_clip`: largest L2 norm of the
  // gradient of all parameters together; 0 does not clip.
  FusedStep(torch::optim::Optimizer& optimizer, double gradient_clip, const torch::Device& device);

  // Changes the parameters that have a gradient as the optimiser would, up to rounding, and its state with
  // them. May change the gradients.
  void step();
  // How many steps, the last ones, have changed nothing. Waits for the device. Call it before the set of
  // parameters that have a gradient changes: it corrects the optimiser's counts of steps.
  std::int64_t skipped();

 private:
  torch::optim::Optimizer& optimizer_;
  double gradient_clip_;
  torch::Tensor failed_;                   // float32, a scalar: 1 once a gradient was not finite, else 0
  torch::Tensor skipped_;                  // float64, a scalar: steps since then
  std::int64_t corrected_ = 0;             // of them, those that the counts are without
  std::vector<torch::Tensor> parameters_;  // of the last step
};

}  // namespace actrec
