#include "models/feature_input.h"

namespace actrec {
namespace {

// Of the mean deviation: features that hardly ever change must not become noise of deviation 1.
constexpr double kFloor = 0.1;

}  // namespace

FeatureInput::FeatureInput(const TemporalSettings& settings, std::int64_t input_dim)
    : dropout_(settings.input_dropout), dim_(settings.projection > 0 ? settings.projection : input_dim) {
  if (settings.standardize) {
    mean_ = register_buffer("mean", torch::zeros(input_dim));
    deviation_ = register_buffer("deviation", torch::ones(input_dim));
  }
  if (settings.projection > 0) {
    projection_ = register_module("projection", torch::nn::Linear(input_dim, dim_));
    norm_ = register_module("norm", torch::nn::LayerNorm(torch::nn::LayerNormOptions({dim_})));
  }
}

void FeatureInput::set_statistics(const torch::Tensor& mean, const torch::Tensor& deviation) {
  const torch::NoGradGuard no_grad;
  mean_.copy_(mean);
  deviation_.copy_(deviation + kFloor * deviation.mean() + 1e-6);
}

torch::Tensor FeatureInput::forward(torch::Tensor features) {
  if (standardizes()) features = (features - mean_) / deviation_;
  if (is_training() && dropout_ > 0) {
    const torch::Tensor kept = torch::empty({features.size(0), 1, features.size(2)}, features.options());
    features = features * kept.bernoulli_(1 - dropout_).div_(1 - dropout_);
  }
  if (projection_) features = torch::relu(norm_->forward(projection_->forward(features)));
  return features;
}

}  // namespace actrec
