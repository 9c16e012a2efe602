#include "engine/adamw.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "core/torch_compat.h"
#include "core/vectorize.h"

namespace actrec {
namespace {

using torch::optim::AdamWOptions;
using torch::optim::AdamWParamState;

constexpr std::int64_t kGrain = 32768;  // elements that are worth a thread

// The step of one element: value *= keep; mean and square move towards the gradient and its square, by
// shares; value -= rate * mean / (sqrt(square) / root + epsilon).
struct Factors {
  float keep, mean_keep, mean_share, square_keep, square_share, rate, root, epsilon;
};

ACTREC_VECTORIZE void update(float* __restrict value, const float* __restrict gradient,
                             float* __restrict mean, float* __restrict square, std::int64_t count,
                             const Factors& factors) {
  const Factors f = factors;
  for (std::int64_t i = 0; i < count; ++i) {
    const float g = gradient[i];
    const float m = f.mean_keep * mean[i] + f.mean_share * g;
    const float s = f.square_keep * square[i] + f.square_share * g * g;
    mean[i] = m;
    square[i] = s;
    value[i] = value[i] * f.keep - f.rate * m / (std::sqrt(s) / f.root + f.epsilon);
  }
}

bool can_pass_once(const torch::Tensor& parameter) {
  return parameter.is_cpu() && parameter.scalar_type() == torch::kFloat32 &&
         parameter.is_non_overlapping_and_dense();
}

void update(const torch::Tensor& parameter, const AdamWOptions& options, AdamWParamState& state) {
  torch::Tensor gradient = parameter.grad();
  if (gradient.strides() != parameter.strides()) gradient = torch::empty_like(parameter).copy_(gradient);
  state.step(state.step() + 1);
  const double beta1 = std::get<0>(options.betas()), beta2 = std::get<1>(options.betas());
  const auto step = static_cast<double>(state.step());
  const Factors factors{static_cast<float>(1 - options.lr() * options.weight_decay()),
                        static_cast<float>(beta1),
                        static_cast<float>(1 - beta1),
                        static_cast<float>(beta2),
                        static_cast<float>(1 - beta2),
                        static_cast<float>(options.lr() / (1 - std::pow(beta1, step))),
                        static_cast<float>(std::sqrt(1 - std::pow(beta2, step))),
                        static_cast<float>(options.eps())};
  auto* const value = parameter.data_ptr<float>();
  auto* const mean = state.exp_avg().data_ptr<float>();
  auto* const square = state.exp_avg_sq().data_ptr<float>();
  const auto* const slope = gradient.data_ptr<float>();
  at::parallel_for(0, parameter.numel(), kGrain, [&](std::int64_t begin, std::int64_t end) {
    update(value + begin, slope + begin, mean + begin, square + begin, end - begin, factors);
  });
}

}  // namespace

torch::Tensor AdamW::step(LossClosure closure) {
  TORCH_CHECK(closure == nullptr, "no closures");
  const torch::NoGradGuard no_grad;
  for (const auto& group : param_groups()) {
    if (!std::all_of(group.params().begin(), group.params().end(), can_pass_once))
      return torch::optim::AdamW::step();
  }
  for (auto& group : param_groups()) {
    for (const torch::Tensor& parameter : group.params()) {
      if (!parameter.grad().defined()) continue;
      auto& entry = state()[optimizer_key(parameter)];
      if (!entry) {
        auto fresh = std::make_unique<AdamWParamState>();
        fresh->exp_avg(torch::zeros_like(parameter));
        fresh->exp_avg_sq(torch::zeros_like(parameter));
        entry = std::move(fresh);
      }
      update(parameter, static_cast<const AdamWOptions&>(group.options()),
             static_cast<AdamWParamState&>(*entry));
    }
  }
  return {};
}

}  // namespace actrec
