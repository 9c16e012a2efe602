#pragma once

#include "models/encoder.h"

namespace actrec {

// SqueezeNet 1.1: "fire" modules that squeeze the channels by 1x1 convolutions and expand them again by 1x1
// and 3x3 ones, without batch normalisation (Iandola et al. 2016), as in torchvision, with its parameter
// names (features.0, features.3.squeeze, ...) and its start (uniform weights of variance 2 / fan_in, He et
// al. 2015; biases 0). 512 channels, about 1/16 of the input's size; frames need 17 pixels a side.
//
// Five stages: features 0 (the first convolution), 3 and 4, 6 and 7, 9 and 10, 11 and 12.
class SqueezeNet : public CnnEncoder {
 public:
  explicit SqueezeNet(const CnnOutput& output);
  std::vector<Stage> stages() const override;

 private:
  torch::Tensor feature_map(torch::Tensor frames) override;

  torch::nn::Sequential features_;
};

}  // namespace actrec
