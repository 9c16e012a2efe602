#include "models/squeezenet.h"

#include "models/conv_layers.h"

namespace actrec {
namespace {

namespace nn = torch::nn;

class Fire : public nn::Module {
 public:
  Fire(std::int64_t in, std::int64_t squeezed, std::int64_t expanded)
      : squeeze_(register_module("squeeze", nn::Conv2d(nn::Conv2dOptions(in, squeezed, 1)))),
        expand1x1_(register_module("expand1x1", nn::Conv2d(nn::Conv2dOptions(squeezed, expanded, 1)))),
        expand3x3_(
            register_module("expand3x3", nn::Conv2d(nn::Conv2dOptions(squeezed, expanded, 3).padding(1)))) {}
  torch::Tensor forward(const torch::Tensor& x) {
    const torch::Tensor y = squeeze_->forward(x).relu_();
    return torch::cat({expand1x1_->forward(y), expand3x3_->forward(y)}, 1).relu_();
  }

 private:
  nn::Conv2d squeeze_, expand1x1_, expand3x3_;
};

StageStarts stage_starts() { return {0, 3, 6, 9, 11}; }

nn::MaxPool2d pool() { return nn::MaxPool2d(nn::MaxPool2dOptions(3).stride(2).ceil_mode(true)); }

nn::Sequential all_features() {
  return nn::Sequential(nn::Conv2d(nn::Conv2dOptions(3, 64, 3).stride(2)), nn::ReLU(nn::ReLUOptions(true)),
                        pool(),                                          // 0 to 2
                        Fire(64, 16, 64), Fire(128, 16, 64), pool(),     // 3 to 5
                        Fire(128, 32, 128), Fire(256, 32, 128), pool(),  // 6 to 8
                        Fire(256, 48, 192), Fire(384, 48, 192),          // 9 and 10
                        Fire(384, 64, 256), Fire(512, 64, 256));         // 11 and 12
}

}  // namespace

SqueezeNet::SqueezeNet(const CnnOutput& output)
    : CnnEncoder(output),
      features_(register_module("features", first_stages(all_features(), stage_starts(), output.stages))) {
  for (const auto& part : modules(false)) {
    const auto* conv = part->as<nn::Conv2d>();
    if (conv == nullptr) continue;
    nn::init::kaiming_uniform_(conv->weight, 0, torch::kFanIn, torch::kReLU);
    nn::init::zeros_(conv->bias);
  }
}

std::vector<Encoder::Stage> SqueezeNet::stages() const {
  return divide(features_->children(), stage_starts());
}

torch::Tensor SqueezeNet::feature_map(torch::Tensor frames) { return features_->forward(frames); }

}  // namespace actrec
