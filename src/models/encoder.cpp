#include "models/encoder.h"

#include "models/dense_encoder.h"
#include "models/efficientnet_lite.h"
#include "models/mobilenet_v2.h"
#include "models/resnet.h"
#include "models/small_cnn.h"
#include "models/squeezenet.h"

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

// Parameters and channels.
EncoderSize cnn_size(const EncoderSettings& settings) {
  switch (settings.type) {
    case EncoderType::small_cnn:
      return small_cnn_size(settings);
    case EncoderType::resnet18:
      return {11'176'512, 512};
    case EncoderType::resnet34:
      return {21'284'672, 512};
    case EncoderType::resnet50:
      return {23'508'032, 2048};
    case EncoderType::mobilenet_v2:
      return {2'223'872, 1280};
    case EncoderType::squeezenet1_1:
      return {722'496, 512};
    case EncoderType::efficientnet_lite0:
      return {3'371'008, 1280};
    case EncoderType::dense:
    case EncoderType::torchscript:
      break;
  }
  throw std::logic_error("not a convolutional encoder of ours");
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
    case EncoderType::resnet18:
      return std::make_shared<ResNet>(kResNet18, feature_grid(settings));
    case EncoderType::resnet34:
      return std::make_shared<ResNet>(kResNet34, feature_grid(settings));
    case EncoderType::resnet50:
      return std::make_shared<ResNet>(kResNet50, feature_grid(settings));
    case EncoderType::mobilenet_v2:
      return std::make_shared<MobileNetV2>(feature_grid(settings));
    case EncoderType::squeezenet1_1:
      return std::make_shared<SqueezeNet>(feature_grid(settings));
    case EncoderType::efficientnet_lite0:
      return std::make_shared<EfficientNetLite0>(size, feature_grid(settings));
    case EncoderType::torchscript:
      break;
  }
  throw std::logic_error("unknown encoder type");
}

EncoderSize encoder_size(const EncoderSettings& settings, FrameSize size) {
  if (settings.type == EncoderType::dense) return dense_size(settings, size);
  EncoderSize result = cnn_size(settings);
  result.dim *= std::int64_t{feature_grid(settings)} * feature_grid(settings);
  return result;
}

}  // namespace actrec
