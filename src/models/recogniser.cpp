#include "models/recogniser.h"

#include <algorithm>
#include <utility>

#include "core/torch_compat.h"

namespace actrec {
namespace {

torch::Tensor row_of(const std::array<float, 3>& channels, std::int64_t width) {
  return torch::tensor({channels[0], channels[1], channels[2]}).repeat({width});
}

// A layer's parameters, and the size of what it gives the next one.
struct Count {
  std::int64_t parameters = 0;
  std::int64_t dim = 0;
};

Count count_input(const TemporalSettings& settings, std::int64_t input_dim) {
  const std::int64_t dim = settings.differences ? 2 * input_dim : input_dim;
  if (settings.projection == 0) return {0, dim};
  return {settings.projection * (dim + 3), settings.projection};
}

Count count_recurrent(const TemporalSettings& settings, std::int64_t input_dim, std::int64_t gates) {
  const std::int64_t hidden = settings.hidden, directions = settings.bidirectional ? 2 : 1;
  Count count{0, input_dim};
  for (int layer = 0; layer < settings.layers; ++layer) {
    count.parameters += directions * gates * hidden * (count.dim + hidden + 2);
    count.dim = directions * hidden;
  }
  if (settings.pool == TemporalPool::attention) count.parameters += count.dim * (count.dim + 2);
  return count;
}

Count count_temporal(const TemporalSettings& settings, std::int64_t input_dim) {
  switch (settings.type) {
    case TemporalType::lstm:
      return count_recurrent(settings, input_dim, 4);
    case TemporalType::gru:
      return count_recurrent(settings, input_dim, 3);
    case TemporalType::mean:
      return {0, input_dim};
  }
  throw std::logic_error("unknown temporal type");
}

bool batch_norm_is_frozen(const EncoderSettings& settings) {
  if (settings.batch_norm == BatchNormMode::automatic) return !settings.weights.empty();
  return settings.batch_norm == BatchNormMode::frozen;
}

}  // namespace

Recogniser::Recogniser(const ModelSettings& settings, FrameSize size, std::int64_t classes,
                       const PixelStatistics& statistics, std::shared_ptr<Encoder> encoder)
    : size_(size),
      features_are_rounded_(settings.encoder.trainable.is_none()),
      batch_norm_is_frozen_(batch_norm_is_frozen(settings.encoder)),
      encoder_(
          register_module("encoder", encoder ? std::move(encoder) : make_encoder(settings.encoder, size))),
      input_(register_module("input", std::make_shared<FeatureInput>(settings.temporal, encoder_->dim()))),
      temporal_(register_module("temporal", make_temporal(settings.temporal, input_->dim()))),
      dropout_(register_module("dropout", torch::nn::Dropout(settings.dropout))),
      classifier_(register_module("classifier", torch::nn::Linear(temporal_->dim(), classes))) {
  std::array<float, 3> scale, shift;
  for (std::size_t c = 0; c < 3; ++c) {
    scale[c] = static_cast<float>(1.0 / (255.0 * statistics.std[c]));
    shift[c] = static_cast<float>(-statistics.mean[c] / statistics.std[c]);
  }
  scale_ = row_of(scale, size.width);
  shift_ = row_of(shift, size.width);
}

void Recogniser::to(torch::Device device, bool non_blocking) {
  Module::to(device, non_blocking);
  scale_ = scale_.to(device, non_blocking);
  shift_ = shift_.to(device, non_blocking);
}

void Recogniser::set_memory_format(MemoryFormat format) {
  memory_format_ = format == MemoryFormat::contiguous ? torch::MemoryFormat::Contiguous
                                                      : torch::MemoryFormat::ChannelsLast;
}

torch::Tensor Recogniser::normalize(const torch::Tensor& frames) const {
  // Whole rows at a time: broadcasting over the innermost three channels would not vectorise.
  const torch::Tensor rows = frames.reshape({-1, size_.width * 3}).to(torch::kFloat32);
  return torch::addcmul(shift_, rows, scale_)
      .view({-1, size_.height, size_.width, 3})
      .permute({0, 3, 1, 2})  // channels_last without a copy
      .contiguous(memory_format_);
}

torch::Tensor Recogniser::encode(const torch::Tensor& clips) {
  const std::int64_t batch = clips.size(0), frames = clips.size(1);
  const torch::Tensor pixels = normalize(clips.flatten(0, 1));
  torch::Tensor features;
  {
    const Bfloat16Guard guard(pixels.device().type(), is_training() && precision_ == Precision::bf16);
    features = encoder_->forward(pixels).to(torch::kFloat32);
  }
  return (features_are_rounded_ ? features.to(torch::kFloat16).to(torch::kFloat32) : features)
      .view({batch, frames, encoder_->dim()});
}

torch::Tensor Recogniser::classify(const torch::Tensor& features) {
  const torch::Tensor inputs = input_->forward(features.to(torch::kFloat32));
  return classifier_->forward(dropout_->forward(temporal_->forward(inputs)));
}

torch::Tensor Recogniser::classify_next(const torch::Tensor& features, std::int64_t window,
                                        TemporalState& state) {
  const torch::Tensor frame = features.to(torch::kFloat32);
  const torch::Tensor input = input_->forward(frame, std::exchange(state.features, frame));
  return classifier_->forward(dropout_->forward(temporal_->step(input, window, state)));
}

torch::Tensor Recogniser::forward(const torch::Tensor& clips) { return classify(features_of(clips)); }

void Recogniser::set_trainable(TrainableStages trainable) {
  const std::vector<Encoder::Stage> stages = encoder_->stages();
  const std::size_t count = stages.size();
  frozen_stages_ = trainable.is_all() ? 0 : count - std::min(count, static_cast<std::size_t>(trainable.last));
  for (std::size_t i = 0; i < count; ++i) {
    for (const auto& part : stages[i]) {
      for (torch::Tensor& parameter : part->parameters()) parameter.set_requires_grad(i >= frozen_stages_);
    }
  }
  train(is_training());
}

void Recogniser::train(bool on) {
  Module::train(on);
  const std::vector<Encoder::Stage> stages = encoder_->stages();
  for (std::size_t i = 0; i < frozen_stages_; ++i) {
    for (const auto& part : stages[i]) part->eval();
  }
  if (!batch_norm_is_frozen_) return;
  for (const auto& module : encoder_->modules()) {
    if (module->as<torch::nn::BatchNorm2d>()) module->eval();
  }
}

std::int64_t count_parameters(const ModelSettings& settings, FrameSize size, std::int64_t classes) {
  const EncoderSize encoder = encoder_size(settings.encoder, size);
  const Count input = count_input(settings.temporal, encoder.dim);
  const Count temporal = count_temporal(settings.temporal, input.dim);
  return encoder.parameters + input.parameters + temporal.parameters + classes * (temporal.dim + 1);
}

}  // namespace actrec
