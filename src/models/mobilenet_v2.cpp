#include "models/mobilenet_v2.h"

#include "models/conv_layers.h"

namespace actrec {
namespace {

namespace nn = torch::nn;

constexpr std::int64_t kStemChannels = 32;
constexpr std::int64_t kChannels = 1280;

// Blocks in a row: the first has the stride, and every one widens its input `expansion` times inside.
struct BlockGroup {
  std::int64_t expansion, channels, count, stride;
};
constexpr BlockGroup kGroups[] = {{1, 16, 1, 1}, {6, 24, 2, 2},  {6, 32, 3, 2}, {6, 64, 4, 2},
                                  {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}};

StageStarts stage_starts() { return {0, 2, 4, 7, 14, 18}; }

class ConvNormRelu6 : public nn::Module {
 public:
  ConvNormRelu6(std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t stride = 1,
                std::int64_t groups = 1)
      : conv_(register_module("0", conv_without_bias(in, out, kernel, stride, groups))),
        norm_(register_module("1", nn::BatchNorm2d(out))) {}
  torch::Tensor forward(const torch::Tensor& x) { return relu6_in_place(norm_->forward(conv_->forward(x))); }

 private:
  nn::Conv2d conv_;
  nn::BatchNorm2d norm_;
};

class InvertedResidual : public nn::Module {
 public:
  InvertedResidual(std::int64_t in, std::int64_t out, std::int64_t stride, std::int64_t expansion)
      : residual_(stride == 1 && in == out), conv_(register_module("conv", nn::Sequential())) {
    const std::int64_t hidden = in * expansion;
    if (expansion > 1) conv_->push_back(std::make_shared<ConvNormRelu6>(in, hidden, 1));
    conv_->push_back(std::make_shared<ConvNormRelu6>(hidden, hidden, 3, stride, hidden));
    conv_->push_back(conv_without_bias(hidden, out, 1));
    conv_->push_back(nn::BatchNorm2d(out));
  }
  torch::Tensor forward(const torch::Tensor& x) {
    torch::Tensor y = conv_->forward(x);
    return residual_ ? y.add_(x) : y;
  }

 private:
  bool residual_;
  nn::Sequential conv_;
};

}  // namespace

MobileNetV2::MobileNetV2(const CnnOutput& output) : CnnEncoder(output) {
  nn::Sequential features;
  features->push_back(std::make_shared<ConvNormRelu6>(3, kStemChannels, 3, 2));
  std::int64_t in = kStemChannels;
  for (const BlockGroup& group : kGroups) {
    for (std::int64_t i = 0; i < group.count; ++i) {
      features->push_back(
          std::make_shared<InvertedResidual>(in, group.channels, i == 0 ? group.stride : 1, group.expansion));
      in = group.channels;
    }
  }
  features->push_back(std::make_shared<ConvNormRelu6>(in, kChannels, 1));
  features_ = register_module("features", first_stages(features, stage_starts(), output.stages));
  initialize_fan_out(*this);
}

std::vector<Encoder::Stage> MobileNetV2::stages() const {
  return divide(features_->children(), stage_starts());
}

torch::Tensor MobileNetV2::feature_map(torch::Tensor frames) { return features_->forward(frames); }

}  // namespace actrec
