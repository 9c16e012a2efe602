#include "models/encoder.h"

#include <numeric>

#include "models/group_norm.h"

namespace actrec {
namespace {

namespace nn = torch::nn;

constexpr std::int64_t kNormGroups = 8;

class ConvBlock : public nn::Module {
 public:
  ConvBlock(std::int64_t in, std::int64_t out)
      : conv_(register_module("conv",
                              nn::Conv2d(nn::Conv2dOptions(in, out, 3).stride(2).padding(1).bias(false)))),
        norm_(register_module("norm", std::make_shared<GroupNormRelu>(std::gcd(kNormGroups, out), out))) {
    nn::init::kaiming_normal_(conv_->weight, 0, torch::kFanOut, torch::kReLU);
  }
  torch::Tensor forward(const torch::Tensor& x) { return norm_->forward(conv_->forward(x)); }

 private:
  nn::Conv2d conv_;
  std::shared_ptr<GroupNormRelu> norm_;
};

}  // namespace

SmallCnn::SmallCnn(const EncoderSettings& settings)
    : blocks_(register_module("blocks", torch::nn::ModuleList())),
      grid_(settings.grid),
      dim_(settings.channels.back() * grid_ * grid_) {
  std::int64_t in = 3;
  for (const int out : settings.channels) {
    blocks_->push_back(std::make_shared<ConvBlock>(in, out));
    in = out;
  }
}

torch::Tensor SmallCnn::forward(torch::Tensor frames) {
  for (const auto& block : *blocks_) frames = block->as<ConvBlock>()->forward(frames);  // [N, C, h, w]
  return torch::adaptive_avg_pool2d(frames, {grid_, grid_}).flatten(1);  // [N, C * grid * grid]
}

DenseEncoder::DenseEncoder(const EncoderSettings& settings, FrameSize size)
    : layer_(
          register_module("layer", nn::Linear(std::int64_t{3} * size.height * size.width, settings.units))),
      units_(settings.units) {}

torch::Tensor DenseEncoder::forward(torch::Tensor frames) {
  return torch::relu(layer_->forward(frames.permute({0, 2, 3, 1}).flatten(1)));
}

std::shared_ptr<Encoder> make_encoder(const EncoderSettings& settings, FrameSize size) {
  switch (settings.type) {
    case EncoderType::small_cnn:
      return std::make_shared<SmallCnn>(settings);
    case EncoderType::dense:
      return std::make_shared<DenseEncoder>(settings, size);
  }
  throw std::logic_error("unknown encoder type");
}

}  // namespace actrec
