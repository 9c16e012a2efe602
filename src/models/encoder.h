#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "config/settings.h"

namespace actrec {

// Turns single frames into feature vectors. Input float32 [N, 3, H, W], normalised RGB, contiguous or
// channels_last; output float32 [N, dim()].
class Encoder : public torch::nn::Module {
 public:
  using Stage = std::vector<std::shared_ptr<torch::nn::Module>>;

  virtual torch::Tensor forward(torch::Tensor frames) = 0;
  virtual std::int64_t dim() const = 0;
  // The network's parts in the order of the computation, so that the last of them can be trained alone.
  // Together they hold every parameter.
  virtual std::vector<Stage> stages() const = 0;
};

// What a convolutional network gives out: the last feature map of its first `stages` stages, of `channels`
// channels, averaged to grid x grid cells.
struct CnnOutput {
  std::size_t stages = 1;
  std::int64_t channels = 0;
  std::int64_t grid = 1;
};

// A convolutional network whose last feature map is averaged to grid x grid cells and flattened:
// dim = channels * grid^2. The grid keeps where things are, which direction of motion needs.
class CnnEncoder : public Encoder {
 public:
  torch::Tensor forward(torch::Tensor frames) final { return pool(last_map(std::move(frames))); }
  // The two halves of forward(): the last feature map, [N, channels, h, w], and its averages over the cells.
  torch::Tensor last_map(torch::Tensor frames) { return feature_map(std::move(frames)); }
  torch::Tensor pool(const torch::Tensor& map) const {
    return torch::adaptive_avg_pool2d(map, {output_.grid, output_.grid}).flatten(1);
  }
  std::int64_t dim() const final { return output_.channels * output_.grid * output_.grid; }

 protected:
  explicit CnnEncoder(const CnnOutput& output) : output_(output) {}
  virtual torch::Tensor feature_map(torch::Tensor frames) = 0;  // [N, 3, H, W] -> [N, channels, h, w]

 private:
  CnnOutput output_;
};

// The encoder that settings.type names, for frames of `size`. Weights come from LibTorch's generator; for
// torchscript, the network and its weights come from the file settings.weights.
std::shared_ptr<Encoder> make_encoder(const EncoderSettings& settings, FrameSize size);

// What is known of an encoder without building it.
struct EncoderSize {
  std::int64_t parameters = 0;  // at least
  std::int64_t dim = 0;         // at least
};
EncoderSize encoder_size(const EncoderSettings& settings, FrameSize size);

// model.encoder.grid, with 0 resolved.
int feature_grid(const EncoderSettings& settings);

}  // namespace actrec
