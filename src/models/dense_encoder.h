#pragma once

#include "models/encoder.h"

namespace actrec {

// Pixels flattened (in height, width, channel order), one dense layer, ReLU; one stage.
class DenseEncoder : public Encoder {
 public:
  DenseEncoder(std::int64_t units, FrameSize size);
  torch::Tensor forward(torch::Tensor frames) override;
  std::int64_t dim() const override { return units_; }
  std::vector<Stage> stages() const override { return {{layer_.ptr()}}; }

 private:
  torch::nn::Linear layer_;
  std::int64_t units_;
};

}  // namespace actrec
