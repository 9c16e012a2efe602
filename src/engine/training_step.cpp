#include "engine/training_step.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "core/error.h"
#include "core/random.h"
#include "engine/optimizer.h"

namespace actrec {
namespace {

const std::string kOptimizer = "optimizer.";
const std::string kGradient = "gradient.";

}  // namespace

torch::Tensor class_weights(const Settings& settings, const std::vector<std::int64_t>& clips) {
  if (settings.train.class_weights == ClassWeights::none) return {};
  const auto all = static_cast<float>(std::accumulate(clips.begin(), clips.end(), std::int64_t{0}));
  std::vector<float> weights;
  for (const std::int64_t count : clips)
    weights.push_back(all / (static_cast<float>(clips.size()) * static_cast<float>(count)));
  return torch::tensor(weights);
}

void seed_step(std::uint64_t seed, int epoch, std::int64_t step) {
  torch::manual_seed(
      KeyedRandom(seed, Purpose::dropout, static_cast<std::uint32_t>(epoch), static_cast<std::uint64_t>(step))
          .next64());
}

TrainingStep::TrainingStep(std::shared_ptr<Recogniser> model, const Settings& settings,
                           const torch::Tensor& class_weights, const torch::Device& device,
                           ProcessGroup* group)
    : model_(std::move(model)),
      gradient_clip_(settings.train.optimizer.gradient_clip),
      encoder_factor_(settings.model.encoder.learning_rate_factor),
      device_(device),
      class_weights_(class_weights),
      optimizer_(make_optimizer(*model_, settings.train)),
      feed_(device),
      loss_(class_weights, settings.train.label_smoothing, device) {
  if (FusedStep::kAvailable && !device.is_cpu())
    fused_ = std::make_unique<FusedStep>(*optimizer_, gradient_clip_, device);
  if (group != nullptr && !group->alone())
    reducer_ = std::make_unique<GradientReducer>(model_->parameters(), *group);
}

double TrainingStep::weight_of(const Batch& batch) const {
  if (!class_weights_.defined()) return static_cast<double>(batch.labels.size(0));
  return class_weights_.index_select(0, batch.labels).to(torch::kFloat64).sum().item<double>();
}

StepOutcome TrainingStep::add_gradient(const Batch& batch, double share, bool last) {
  if (reducer_) {
    has_gradient_ = true;
    if (last) reducer_->begin();
  }
  if (batch.labels.size(0) == 0) {
    return {torch::zeros({}, device_), torch::zeros({}, torch::TensorOptions(torch::kInt64).device(device_))};
  }
  has_gradient_ = true;
  const Batch own = feed_.to_device(batch);
  const torch::Tensor logits = model_->forward(network_input(own, device_));  // [B, K]
  const torch::Tensor loss = loss_(logits, own.labels);
  (share == 1 ? loss : loss * share).backward();
  return {loss.detach(), (logits.detach().argmax(1) == own.labels).sum()};
}

// Whether the gradient is finite. Waits for the device.
bool TrainingStep::clip_gradient() {
  const double infinity = std::numeric_limits<double>::infinity();
  if (gradient_clip_ > 0)
    return std::isfinite(torch::nn::utils::clip_grad_norm_(model_->parameters(), gradient_clip_));
  const std::vector<torch::Tensor> parameters = model_->parameters();
  return std::all_of(parameters.begin(), parameters.end(), [&](const torch::Tensor& parameter) {
    const torch::Tensor& gradient = parameter.grad();
    return !gradient.defined() || std::isfinite(gradient.norm(infinity).item<double>());
  });
}

bool TrainingStep::update(double learning_rate) {
  if (!std::exchange(has_gradient_, false)) return false;
  if (reducer_) reducer_->finish();
  set_learning_rate(*optimizer_, learning_rate, encoder_factor_);
  if (fused_) {
    fused_->step();
  } else if (failed_updates_ > 0 || !clip_gradient()) {
    ++failed_updates_;
  } else {
    optimizer_->step();
  }
  // Undefined rather than zero, in all versions of LibTorch: between updates there is nothing to be kept.
  for (torch::Tensor& parameter : model_->parameters()) parameter.mutable_grad().reset();
  return true;
}

std::int64_t TrainingStep::failed_updates() { return fused_ ? fused_->skipped() : failed_updates_; }

bool TrainingStep::is_gradient(const std::string& name) { return name.rfind(kGradient, 0) == 0; }

NamedTensors TrainingStep::state() const {
  NamedTensors state;
  for (const auto& [name, tensor] : optimizer_state(*optimizer_, *model_))
    state.emplace(kOptimizer + name, tensor);
  for (const auto& parameter : model_->named_parameters()) {
    const torch::Tensor& gradient = parameter.value().grad();
    if (gradient.defined()) state.emplace(kGradient + parameter.key(), gradient);
  }
  return state;
}

void TrainingStep::load_state(const NamedTensors& state, const std::filesystem::path& path) {
  load_optimizer_state(*optimizer_, *model_, without_prefix(state, kOptimizer), path);
  auto parameters = model_->named_parameters();
  for (const auto& [name, gradient] : without_prefix(state, kGradient)) {
    torch::Tensor* parameter = parameters.find(name);
    if (parameter == nullptr || parameter->sizes() != gradient.sizes()) {
      throw CheckpointError(fmt::format("{}: the gradient of {} does not fit the model", path.string(), name),
                            "the file is damaged, or of another run");
    }
    parameter->mutable_grad() = torch::empty_like(*parameter).copy_(gradient).detach();
    has_gradient_ = true;
  }
}

}  // namespace actrec
