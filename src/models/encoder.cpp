#include "models/encoder.h"

#include <fmt/format.h>

#include "config/values.h"
#include "core/error.h"
#include "models/dense_encoder.h"
#include "models/efficientnet_lite.h"
#include "models/encoder_weights.h"
#include "models/mobilenet_v2.h"
#include "models/resnet.h"
#include "models/small_cnn.h"
#include "models/squeezenet.h"
#include "models/torchscript_encoder.h"

namespace actrec {
namespace {

constexpr int kSmallCnnGrid = 4;

// What is known of a convolutional encoder: the channels that each stage gives the next one, and the
// parameters of all stages.
struct CnnShape {
  std::vector<std::int64_t> channels;
  std::int64_t parameters = 0;
};

CnnShape small_cnn_shape(const std::vector<int>& channels) {
  CnnShape shape;
  std::int64_t in = 3;
  for (const std::int64_t out : channels) {
    shape.parameters += out * (9 * in + 2);  // 3x3 kernels; weight and bias of the norm
    shape.channels.push_back(out);
    in = out;
  }
  return shape;
}

CnnShape cnn_shape(const EncoderSettings& settings) {
  switch (settings.type) {
    case EncoderType::small_cnn:
      return small_cnn_shape(settings.channels);
    case EncoderType::resnet18:
      return {{64, 64, 128, 256, 512}, 11'176'512};
    case EncoderType::resnet34:
      return {{64, 64, 128, 256, 512}, 21'284'672};
    case EncoderType::resnet50:
      return {{64, 256, 512, 1024, 2048}, 23'508'032};
    case EncoderType::mobilenet_v2:
      return {{16, 24, 32, 96, 320, 1280}, 2'223'872};
    case EncoderType::squeezenet1_1:
      return {{64, 128, 256, 384, 512}, 722'496};
    case EncoderType::efficientnet_lite0:
      return {{16, 24, 40, 112, 320, 1280}, 3'371'008};
    case EncoderType::dense:
    case EncoderType::torchscript:
      break;
  }
  throw std::logic_error("not a convolutional encoder of ours");
}

// model.encoder.stages, with 0 resolved.
std::size_t stage_count(const EncoderSettings& settings, const CnnShape& shape) {
  const auto wanted = static_cast<std::size_t>(settings.stages);
  if (wanted > shape.channels.size()) {
    throw ConfigError(fmt::format("model.encoder.stages: is {}, but {} has {}", wanted,
                                  write_value(settings.type).get<std::string>(), shape.channels.size()),
                      "0 takes all of them");
  }
  return wanted > 0 ? wanted : shape.channels.size();
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

int feature_grid(const EncoderSettings& settings) {
  if (settings.grid > 0) return settings.grid;
  return settings.type == EncoderType::small_cnn ? kSmallCnnGrid : 1;
}

std::shared_ptr<Encoder> make_encoder(const EncoderSettings& settings, FrameSize size) {
  if (settings.type == EncoderType::dense) return std::make_shared<DenseEncoder>(settings.units, size);
  if (settings.type == EncoderType::torchscript) return torchscript_encoder(settings, size);
  const CnnShape shape = cnn_shape(settings);
  const std::size_t stages = stage_count(settings, shape);
  const CnnOutput output{stages, shape.channels[stages - 1], feature_grid(settings)};
  switch (settings.type) {
    case EncoderType::small_cnn:
      return std::make_shared<SmallCnn>(settings.channels, output);
    case EncoderType::resnet18:
      return std::make_shared<ResNet>(kResNet18, output);
    case EncoderType::resnet34:
      return std::make_shared<ResNet>(kResNet34, output);
    case EncoderType::resnet50:
      return std::make_shared<ResNet>(kResNet50, output);
    case EncoderType::mobilenet_v2:
      return std::make_shared<MobileNetV2>(output);
    case EncoderType::squeezenet1_1:
      return std::make_shared<SqueezeNet>(output);
    case EncoderType::efficientnet_lite0:
      return std::make_shared<EfficientNetLite0>(size, output);
    case EncoderType::dense:
    case EncoderType::torchscript:
      break;
  }
  throw std::logic_error("unknown encoder type");
}

EncoderSize encoder_size(const EncoderSettings& settings, FrameSize size) {
  if (settings.type == EncoderType::dense) return dense_size(settings, size);
  if (settings.type == EncoderType::torchscript) return {0, 1};  // its file would tell
  const CnnShape shape = cnn_shape(settings);
  const std::size_t stages = stage_count(settings, shape);
  const std::int64_t cells = std::int64_t{feature_grid(settings)} * feature_grid(settings);
  return {stages == shape.channels.size() ? shape.parameters : 0, shape.channels[stages - 1] * cells};
}

}  // namespace actrec
