#pragma once

#include <array>

#include "models/encoder.h"

namespace actrec {

// Which of the residual networks: the blocks of each layer, and whether a block is two 3x3 convolutions
// (basic) or a 3x3 between two 1x1, four times as wide at its end (bottleneck).
struct ResNetShape {
  std::array<int, 4> blocks;
  bool bottleneck;
};
constexpr ResNetShape kResNet18{{2, 2, 2, 2}, false};
constexpr ResNetShape kResNet34{{3, 4, 6, 3}, false};
constexpr ResNetShape kResNet50{{3, 4, 6, 3}, true};

// Deep residual learning (He et al. 2016) as in torchvision, with its parameter names (conv1, bn1,
// layer1.0.conv1, layer1.0.downsample.0, ...) and its start (initialize_fan_out). Strides are in the 3x3
// convolutions ("ResNet v1.5"). The last feature map is 1/32 of the input's size.
//
// Five stages: stem (conv1, bn1), layer1, layer2, layer3, layer4.
class ResNet : public CnnEncoder {
 public:
  ResNet(const ResNetShape& shape, const CnnOutput& output);
  std::vector<Stage> stages() const override;

 private:
  torch::Tensor feature_map(torch::Tensor frames) override;

  torch::nn::Conv2d conv_;
  torch::nn::BatchNorm2d norm_;
  std::vector<torch::nn::Sequential> layers_;
};

}  // namespace actrec
