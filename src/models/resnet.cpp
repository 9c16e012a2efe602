#include "models/resnet.h"

#include <string>

#include "models/conv_layers.h"

namespace actrec {
namespace {

namespace nn = torch::nn;

constexpr std::int64_t kStemChannels = 64;
constexpr std::int64_t kBottleneckExpansion = 4;

// What is added to the block's output: its input, brought to the output's size where they differ.
class Shortcut {
 public:
  Shortcut(nn::Module& block, std::int64_t in, std::int64_t out, std::int64_t stride) {
    if (stride == 1 && in == out) return;
    downsample_ = block.register_module(
        "downsample", nn::Sequential(conv_without_bias(in, out, 1, stride), nn::BatchNorm2d(out)));
  }
  torch::Tensor forward(const torch::Tensor& x) { return downsample_ ? downsample_->forward(x) : x; }

 private:
  nn::Sequential downsample_{nullptr};
};

class BasicBlock : public nn::Module {
 public:
  BasicBlock(std::int64_t in, std::int64_t width, std::int64_t stride)
      : conv1_(register_module("conv1", conv_without_bias(in, width, 3, stride))),
        norm1_(register_module("bn1", nn::BatchNorm2d(width))),
        conv2_(register_module("conv2", conv_without_bias(width, width, 3))),
        norm2_(register_module("bn2", nn::BatchNorm2d(width))),
        shortcut_(*this, in, width, stride) {}
  torch::Tensor forward(const torch::Tensor& x) {
    const torch::Tensor y = norm1_->forward(conv1_->forward(x)).relu_();
    return norm2_->forward(conv2_->forward(y)).add_(shortcut_.forward(x)).relu_();
  }

 private:
  nn::Conv2d conv1_;
  nn::BatchNorm2d norm1_;
  nn::Conv2d conv2_;
  nn::BatchNorm2d norm2_;
  Shortcut shortcut_;
};

class Bottleneck : public nn::Module {
 public:
  Bottleneck(std::int64_t in, std::int64_t width, std::int64_t stride)
      : conv1_(register_module("conv1", conv_without_bias(in, width, 1))),
        norm1_(register_module("bn1", nn::BatchNorm2d(width))),
        conv2_(register_module("conv2", conv_without_bias(width, width, 3, stride))),
        norm2_(register_module("bn2", nn::BatchNorm2d(width))),
        conv3_(register_module("conv3", conv_without_bias(width, width * kBottleneckExpansion, 1))),
        norm3_(register_module("bn3", nn::BatchNorm2d(width * kBottleneckExpansion))),
        shortcut_(*this, in, width * kBottleneckExpansion, stride) {}
  torch::Tensor forward(const torch::Tensor& x) {
    torch::Tensor y = norm1_->forward(conv1_->forward(x)).relu_();
    y = norm2_->forward(conv2_->forward(y)).relu_();
    return norm3_->forward(conv3_->forward(y)).add_(shortcut_.forward(x)).relu_();
  }

 private:
  nn::Conv2d conv1_;
  nn::BatchNorm2d norm1_;
  nn::Conv2d conv2_;
  nn::BatchNorm2d norm2_;
  nn::Conv2d conv3_;
  nn::BatchNorm2d norm3_;
  Shortcut shortcut_;
};

std::int64_t output_channels(const ResNetShape& shape, std::int64_t width) {
  return shape.bottleneck ? width * kBottleneckExpansion : width;
}

}  // namespace

ResNet::ResNet(const ResNetShape& shape, const CnnOutput& output)
    : CnnEncoder(output),
      conv_(register_module("conv1", conv_without_bias(3, kStemChannels, 7, 2))),
      norm_(register_module("bn1", nn::BatchNorm2d(kStemChannels))) {
  std::int64_t in = kStemChannels, width = kStemChannels;
  for (std::size_t i = 0; i + 1 < output.stages; ++i, width *= 2) {
    layers_.push_back(register_module("layer" + std::to_string(i + 1), nn::Sequential()));
    for (int block = 0; block < shape.blocks[i]; ++block) {
      const std::int64_t stride = i > 0 && block == 0 ? 2 : 1;
      if (shape.bottleneck) {
        layers_[i]->push_back(std::make_shared<Bottleneck>(in, width, stride));
      } else {
        layers_[i]->push_back(std::make_shared<BasicBlock>(in, width, stride));
      }
      in = output_channels(shape, width);
    }
  }
  initialize_fan_out(*this);
}

std::vector<Encoder::Stage> ResNet::stages() const {
  std::vector<Stage> stages{{conv_.ptr(), norm_.ptr()}};
  for (const nn::Sequential& layer : layers_) stages.push_back({layer.ptr()});
  return stages;
}

torch::Tensor ResNet::feature_map(torch::Tensor frames) {
  torch::Tensor x = norm_->forward(conv_->forward(frames)).relu_();
  if (!layers_.empty()) x = torch::max_pool2d(x, {3, 3}, {2, 2}, {1, 1});
  for (nn::Sequential& layer : layers_) x = layer->forward(x);
  return x;
}

}  // namespace actrec
