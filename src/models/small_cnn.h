#pragma once

#include <vector>

#include "models/encoder.h"

namespace actrec {

// Convolution blocks (3x3 with stride 2, GroupNorm, ReLU). GroupNorm (Wu & He 2018) behaves the same in
// training and evaluation, unlike batch statistics over the near-identical frames of a few clips. Each block
// is a stage.
class SmallCnn : public CnnEncoder {
 public:
  // Output channels of each block.
  SmallCnn(const std::vector<int>& channels, const CnnOutput& output);
  std::vector<Stage> stages() const override;

 private:
  torch::Tensor feature_map(torch::Tensor frames) override;

  torch::nn::ModuleList blocks_;
};

}  // namespace actrec
