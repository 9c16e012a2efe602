#pragma once

#include "models/encoder.h"

namespace actrec {

// MobileNetV2 of width 1: inverted residuals with linear bottlenecks and depthwise convolutions (Sandler et
// al. 2018), as in torchvision, with its parameter names (features.0.0, features.1.conv.0.0, ...) and its
// start (initialize_fan_out). 1280 channels, 1/32 of the input's size.
//
// Six stages, divided where the resolution changes: features 0 and 1 (1/2 of the input's size), 2 and 3
// (1/4), 4 to 6 (1/8), 7 to 13 (1/16), 14 to 17 (1/32), and the last 1x1 convolution, 18.
class MobileNetV2 : public CnnEncoder {
 public:
  explicit MobileNetV2(const CnnOutput& output);
  std::vector<Stage> stages() const override;

 private:
  torch::Tensor feature_map(torch::Tensor frames) override;

  torch::nn::Sequential features_{nullptr};
};

}  // namespace actrec
