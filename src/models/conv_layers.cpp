#include "models/conv_layers.h"

#include "core/torch_compat.h"

namespace actrec {

namespace nn = torch::nn;

nn::Conv2d conv_without_bias(std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t stride,
                             std::int64_t groups) {
  return nn::Conv2d(
      nn::Conv2dOptions(in, out, kernel).stride(stride).padding((kernel - 1) / 2).groups(groups).bias(false));
}

torch::Tensor relu6_in_place(torch::Tensor x) {
  return lacks_gradient_of_relu6(x) ? x.clamp_(0, 6) : torch::relu6_(x);
}

void initialize_fan_out(nn::Module& module) {
  for (const auto& part : module.modules(false)) {
    if (const auto* conv = part->as<nn::Conv2d>()) {
      nn::init::kaiming_normal_(conv->weight, 0, torch::kFanOut, torch::kReLU);
    }
  }
}

std::vector<Encoder::Stage> divide(const Encoder::Stage& parts, const StageStarts& starts) {
  std::vector<Encoder::Stage> stages;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (stages.size() < starts.size() && starts[stages.size()] == i) stages.emplace_back();
    stages.back().push_back(parts[i]);
  }
  return stages;
}

nn::Sequential first_stages(const nn::Sequential& parts, const StageStarts& starts, std::size_t stages) {
  const std::size_t end = stages < starts.size() ? starts[stages] : parts->size();
  nn::Sequential first;
  for (std::size_t i = 0; i < end; ++i) first->push_back(*(parts->begin() + static_cast<std::ptrdiff_t>(i)));
  return first;
}

}  // namespace actrec
