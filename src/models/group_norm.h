#pragma once

#include <torch/torch.h>

#include <cstdint>

namespace actrec {

// GroupNorm (Wu & He 2018) followed by ReLU: float32 [N, C, H, W] -> the same, C divisible by `groups`.
// Parameters are named weight and bias, as in torch.nn.GroupNorm.
//
// On the CPU, a channels_last input takes a kernel of our own that does both operations sample by sample,
// while the sample is in the cache: LibTorch's GroupNorm spends more time on that layout than the
// convolutions before it. Everything else takes LibTorch's operators. The two agree to rounding; results do
// not depend on the number of threads.
class GroupNormRelu : public torch::nn::Module {
 public:
  GroupNormRelu(std::int64_t groups, std::int64_t channels);
  torch::Tensor forward(const torch::Tensor& x);

 private:
  std::int64_t groups_;
  torch::Tensor weight_, bias_;  // [C]
};

}  // namespace actrec
