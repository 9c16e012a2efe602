#include "models/feature_input.h"

namespace actrec {
namespace {

// Of the mean deviation: features that hardly ever change must not become noise of deviation 1.
constexpr double kFloor = 0.1;

}  // namespace

FeatureInput::FeatureInput(const TemporalSettings& settings, std::int64_t input_dim)
    : differences_(settings.differences), dropout_(settings.input_dropout) {
  if (settings.standardize) {
    mean_ = register_buffer("mean", torch::zeros(input_dim));
    deviation_ = register_buffer("deviation", torch::ones(input_dim));
  }
  dim_ = settings.differences ? 2 * input_dim : input_dim;
  if (settings.projection > 0) {
    projection_ = register_module("projection", torch::nn::Linear(dim_, settings.projection));
    dim_ = settings.projection;
    norm_ = register_module("norm", torch::nn::LayerNorm(torch::nn::LayerNormOptions({dim_})));
  }
}

void FeatureInput::set_statistics(const torch::Tensor& mean, const torch::Tensor& deviation) {
  const torch::NoGradGuard no_grad;
  mean_.copy_(mean);
  deviation_.copy_(deviation + kFloor * deviation.mean() + 1e-6);
}

torch::Tensor FeatureInput::forward(torch::Tensor features, const torch::Tensor& before) {
  torch::Tensor changes;
  if (differences_) {
    const torch::Tensor first = before.defined() ? before : features.narrow(1, 0, 1);
    changes = features - torch::cat({first, features.narrow(1, 0, features.size(1) - 1)}, 1);
  }
  if (standardizes()) {
    features = (features - mean_) / deviation_;
    if (differences_) changes = changes / deviation_;
  }
  if (differences_) features = torch::cat({features, changes}, 2);
  if (is_training() && dropout_ > 0) {
    const torch::Tensor kept = torch::empty({features.size(0), 1, features.size(2)}, features.options());
    features = features * kept.bernoulli_(1 - dropout_).div_(1 - dropout_);
  }
  if (projection_) features = torch::relu(norm_->forward(projection_->forward(features)));
  return features;
}

}  // namespace actrec
