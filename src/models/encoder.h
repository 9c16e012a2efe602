#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <memory>

#include "config/settings.h"

namespace actrec {

// Turns single frames into feature vectors. Input float32 [N, 3, H, W], normalised RGB, contiguous or
// channels_last; output float32 [N, dim()].
class Encoder : public torch::nn::Module {
 public:
  virtual torch::Tensor forward(torch::Tensor frames) = 0;
  virtual std::int64_t dim() const = 0;
};

// Convolution blocks (3x3 with stride 2, GroupNorm, ReLU), then the last feature map averaged to
// grid x grid cells and flattened: dim = last channels * grid^2. The grid keeps where things are, which
// direction of motion needs. GroupNorm (Wu & He 2018) behaves the same in training and evaluation, unlike
// batch statistics over the near-identical frames of a few clips.
class SmallCnn : public Encoder {
 public:
  explicit SmallCnn(const EncoderSettings& settings);
  torch::Tensor forward(torch::Tensor frames) override;
  std::int64_t dim() const override { return dim_; }

 private:
  torch::nn::ModuleList blocks_;
  std::int64_t grid_;
  std::int64_t dim_;
};

// Pixels flattened (in height, width, channel order), one dense layer, ReLU.
class DenseEncoder : public Encoder {
 public:
  DenseEncoder(const EncoderSettings& settings, FrameSize size);
  torch::Tensor forward(torch::Tensor frames) override;
  std::int64_t dim() const override { return units_; }

 private:
  torch::nn::Linear layer_;
  std::int64_t units_;
};

// The encoder that settings.type names, for frames of `size`. Weights come from LibTorch's generator.
std::shared_ptr<Encoder> make_encoder(const EncoderSettings& settings, FrameSize size);

}  // namespace actrec
