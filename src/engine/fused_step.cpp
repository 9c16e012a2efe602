#include "engine/fused_step.h"

#include <map>
#include <memory>
#include <stdexcept>
#include <utility>

namespace actrec {
namespace {

using Tensors = std::vector<torch::Tensor>;

#ifdef ACTREC_FUSED_OPTIMIZERS

// The tensor, or a copy of it, that lies in memory as the parameter does, which the operations rely on.
torch::Tensor laid_out_as(const torch::Tensor& parameter, const torch::Tensor& tensor) {
  return tensor.strides() == parameter.strides() ? tensor : torch::empty_like(parameter).copy_(tensor);
}

// Parameters that have a gradient, and the gradients, which lie in memory as their parameters do.
struct Learning {
  Tensors parameters, gradients;
};

Learning learning_of(const torch::optim::OptimizerParamGroup& group) {
  Learning learning;
  for (const torch::Tensor& parameter : group.params()) {
    if (!parameter.grad().defined()) continue;
    learning.parameters.push_back(parameter);
    learning.gradients.push_back(laid_out_as(parameter, parameter.grad()));
  }
  return learning;
}

// What a step knows besides the parameters: what gradients are divided by, and whether nothing may change.
struct Conditions {
  torch::Tensor divisor, failed;  // float32 scalars on the device
};

template <typename State>
State& state_of(torch::optim::Optimizer& optimizer, const torch::Tensor& parameter) {
  auto& entry = optimizer.state()[optimizer_key(parameter)];
  if (!entry) {
    auto fresh = std::make_unique<State>();
    if constexpr (std::is_same_v<State, torch::optim::SGDParamState>) {
      fresh->momentum_buffer(torch::zeros_like(parameter));
    } else {
      fresh->exp_avg(torch::zeros_like(parameter));
      fresh->exp_avg_sq(torch::zeros_like(parameter));
      fresh->step(0);
    }
    entry = std::move(fresh);
  }
  return static_cast<State&>(*entry);
}

// `operation` is that of Adam or of AdamW.
template <typename State, typename Options, typename Operation>
void adam_step(torch::optim::Optimizer& optimizer, const Options& options, const Learning& learning,
               const Conditions& conditions, Operation operation) {
  Tensors means, squares, counts;
  std::map<std::int64_t, torch::Tensor> shared_counts;
  for (const torch::Tensor& parameter : learning.parameters) {
    State& state = state_of<State>(optimizer, parameter);
    state.step(state.step() + 1);
    means.push_back(state.exp_avg());
    squares.push_back(state.exp_avg_sq());
    torch::Tensor& count = shared_counts[state.step()];
    if (!count.defined())
      count = torch::full({}, static_cast<double>(state.step()), conditions.failed.options());
    counts.push_back(count);
  }
  operation(learning.parameters, learning.gradients, means, squares, Tensors(), counts, options.lr(),
            std::get<0>(options.betas()), std::get<1>(options.betas()), options.weight_decay(), options.eps(),
            false, false, conditions.divisor, conditions.failed);
}

void sgd_step(torch::optim::Optimizer& optimizer, const torch::optim::SGDOptions& options,
              const Learning& learning, const Conditions& conditions) {
  Tensors buffers;
  if (options.momentum() != 0) {
    for (const torch::Tensor& parameter : learning.parameters) {
      auto& state = state_of<torch::optim::SGDParamState>(optimizer, parameter);
      state.momentum_buffer(
          laid_out_as(parameter, state.momentum_buffer()));  // LibTorch's is as its gradient
      buffers.push_back(state.momentum_buffer());
    }
  }
  at::_fused_sgd_(learning.parameters, learning.gradients, buffers, options.weight_decay(),
                  options.momentum(), options.lr(), 0, false, false, false, conditions.divisor,
                  conditions.failed);
}

void step_of(torch::optim::Optimizer& optimizer, torch::optim::OptimizerOptions& options,
             const Learning& learning, const Conditions& conditions) {
  if (const auto* adamw = dynamic_cast<torch::optim::AdamWOptions*>(&options)) {
    adam_step<torch::optim::AdamWParamState>(
        optimizer, *adamw, learning, conditions,
        [](const auto&... arguments) { at::_fused_adamw_(arguments...); });
  } else if (const auto* adam = dynamic_cast<torch::optim::AdamOptions*>(&options)) {
    adam_step<torch::optim::AdamParamState>(optimizer, *adam, learning, conditions,
                                            [](const auto&... arguments) { at::_fused_adam_(arguments...); });
  } else {
    sgd_step(optimizer, dynamic_cast<torch::optim::SGDOptions&>(options), learning, conditions);
  }
}

#endif

// The state of Adam and AdamW counts steps.
void take_back_steps(torch::optim::Optimizer& optimizer, const Tensors& parameters, std::int64_t steps) {
  for (const torch::Tensor& parameter : parameters) {
    const auto entry = optimizer.state().find(optimizer_key(parameter));
    if (entry == optimizer.state().end()) continue;
    torch::optim::OptimizerParamState* const state = entry->second.get();
    if (auto* const adamw = dynamic_cast<torch::optim::AdamWParamState*>(state)) {
      adamw->step(adamw->step() - steps);
    } else if (auto* const adam = dynamic_cast<torch::optim::AdamParamState*>(state)) {
      adam->step(adam->step() - steps);
    }
  }
}

}  // namespace

FusedStep::FusedStep(torch::optim::Optimizer& optimizer, double gradient_clip, const torch::Device& device)
    : optimizer_(optimizer),
      gradient_clip_(gradient_clip),
      failed_(torch::zeros({}, torch::TensorOptions(torch::kFloat32).device(device))),
      skipped_(torch::zeros({}, torch::TensorOptions(torch::kFloat64).device(device))) {
  if (!kAvailable) throw std::logic_error("this LibTorch has no fused steps");
}

void FusedStep::step() {
#ifdef ACTREC_FUSED_OPTIMIZERS
  const torch::NoGradGuard no_grad;
  std::vector<Learning> groups;
  Tensors gradients;
  parameters_.clear();
  for (const auto& group : optimizer_.param_groups()) {
    groups.push_back(learning_of(group));
    const Learning& learning = groups.back();
    parameters_.insert(parameters_.end(), learning.parameters.begin(), learning.parameters.end());
    gradients.insert(gradients.end(), learning.gradients.begin(), learning.gradients.end());
  }
  if (gradients.empty()) return;
  const torch::Tensor norm = torch::stack(at::_foreach_norm(gradients)).norm();
  failed_.copy_(torch::maximum(failed_, norm.isfinite().logical_not().to(torch::kFloat32)));
  skipped_ += failed_;
  // As in LibTorch's clip_grad_norm_(), whose factor is the largest norm over (the norm + 1e-6), at most 1.
  const torch::Tensor divisor =
      gradient_clip_ > 0 ? ((norm + 1e-6) / gradient_clip_).clamp_min(1) : torch::ones_like(norm);
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (!groups[i].parameters.empty())
      step_of(optimizer_, optimizer_.param_groups()[i].options(), groups[i], {divisor, failed_});
  }
#endif
}

std::int64_t FusedStep::skipped() {
  const auto skipped = static_cast<std::int64_t>(skipped_.item<double>());
  take_back_steps(optimizer_, parameters_, skipped - std::exchange(corrected_, skipped));
  return skipped;
}

}  // namespace actrec
