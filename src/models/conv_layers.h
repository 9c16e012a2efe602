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

// The parts of a network, in their order, divided into stages; `starts` says at which part each stage begins,
// and begins with 0.
std::vector<Encoder::Stage> divide(const Encoder::Stage& parts, const std::vector<std::size_t>& starts);

}  // namespace actrec
