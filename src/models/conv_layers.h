#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <vector>

#include "models/encoder.h"

namespace actrec {

// A square convolution without bias, as it stands before batch normalisation. Padding is (kernel - 1) / 2 on
// every side, which keeps the size where the stride is 1.
torch::nn::Conv2d conv_without_bias(std::int64_t in, std::int64_t out, std::int64_t kernel,
                                    std::int64_t stride = 1, std::int64_t groups = 1);

// ReLU6: min(max(x, 0), 6), written over x.
torch::Tensor relu6_in_place(torch::Tensor x);

// Every convolution in the module starts with normal weights of variance 2 / fan_out (He et al. 2015), as
// torchvision's ResNet, MobileNetV2 and EfficientNet do. Batch normalisation keeps LibTorch's start:
// weight 1, bias 0.
void initialize_fan_out(torch::nn::Module& module);

// At which part of a network each of its stages begins; the first is 0.
using StageStarts = std::vector<std::size_t>;

// The parts of a network, in their order, divided into stages. The last of them may be missing.
std::vector<Encoder::Stage> divide(const Encoder::Stage& parts, const StageStarts& starts);

// The parts of the first `stages` stages.
torch::nn::Sequential first_stages(const torch::nn::Sequential& parts, const StageStarts& starts,
                                   std::size_t stages);

}  // namespace actrec
