#include "models/encoder.h"

#include "models/dense_encoder.h"
#include "models/encoder_weights.h"
#include "models/small_cnn.h"
#include "models/torchscript_encoder.h"

namespace actrec {
namespace {

constexpr int kSmallCnnGrid = 4;

EncoderSize small_cnn_size(const EncoderSettings& settings) {
  EncoderSize size{0, 3};
  for (const std::int64_t out : settings.channels) {
    size.parameters += out * (9 * size.dim + 2);  // 3x3 kernels; weight and bias of the norm
    size.dim = out;
  }
  return size;
}

EncoderSize dense_size(const EncoderSettings& settings, FrameSize frame) {
  return {settings.units * (std::int64_t{3} * frame.height * frame.width + 1), settings.units};
}

std::shared_ptr<Encoder> torchscript_encoder(const EncoderSettings& settings, FrameSize size) {
  const EncoderWeights weights = read_encoder_weights(settings.weights);
  return std::make_shared<TorchScriptEncoder>(
      weights.tensors, weights.source ? ScriptContent::code : ScriptContent::everything, size,
      settings.batch_norm == BatchNormMode::train, settings.weights);
}

}  // namespace

torch::Tensor CnnEncoder::forward(torch::Tensor frames) {
  return torch::adaptive_avg_pool2d(feature_map(std::move(frames)), {grid_, grid_}).flatten(1);
}

int feature_grid(const EncoderSettings& settings) {
  if (settings.grid > 0) return settings.grid;
  return settings.type == EncoderType::small_cnn ? kSmallCnnGrid : 1;
}

std::shared_ptr<Encoder> make_encoder(const EncoderSettings& settings, FrameSize size) {
  switch (settings.type) {
    case EncoderType::small_cnn:
      return std::make_shared<SmallCnn>(settings.channels, feature_grid(settings));
    case EncoderType::dense:
      return std::make_shared<DenseEncoder>(settings.units, size);
    case EncoderType::torchscript:
      return torchscript_encoder(settings, size);
    default:
      break;
  }
  throw std::logic_error("unknown encoder type");
}

EncoderSize encoder_size(const EncoderSettings& settings, FrameSize size) {
  const std::int64_t cells = std::int64_t{feature_grid(settings)} * feature_grid(settings);
  EncoderSize result;
  switch (settings.type) {
    case EncoderType::small_cnn:
      result = small_cnn_size(settings);
      break;
    case EncoderType::dense:
      return dense_size(settings, size);
    case EncoderType::torchscript:
      return {0, 1};  // its file would tell
    default:
      throw std::logic_error("unknown encoder type");
  }
  result.dim *= cells;
  return result;
}

}  // namespace actrec
