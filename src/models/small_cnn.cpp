#include "models/small_cnn.h"

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

SmallCnn::SmallCnn(const std::vector<int>& channels, const CnnOutput& output)
    : CnnEncoder(output), blocks_(register_module("blocks", nn::ModuleList())) {
  std::int64_t in = 3;
  for (std::size_t i = 0; i < output.stages; ++i) {
    blocks_->push_back(std::make_shared<ConvBlock>(in, channels[i]));
    in = channels[i];
  }
}

std::vector<Encoder::Stage> SmallCnn::stages() const {
  std::vector<Stage> stages;
  for (const auto& block : *blocks_) stages.push_back({block});
  return stages;
}

torch::Tensor SmallCnn::feature_map(torch::Tensor frames) {
  for (const auto& block : *blocks_) frames = block->as<ConvBlock>()->forward(frames);
  return frames;
}

}  // namespace actrec
