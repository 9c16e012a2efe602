#include "engine/optimizer.h"

#include <array>

namespace actrec {
namespace {

using torch::optim::OptimizerParamGroup;

// The order of the groups.
enum Group : std::size_t { kEncoderDecayed, kEncoderPlain, kDecayed, kPlain, kGroups };

template <typename Options>
std::vector<OptimizerParamGroup> parameter_groups(const torch::nn::Module& model, const Options& options,
                                                  double weight_decay) {
  std::array<std::vector<torch::Tensor>, kGroups> members;
  for (const auto& parameter : model.named_parameters()) {
    const bool encoder = parameter.key().rfind("encoder.", 0) == 0;
    const bool decayed = parameter.value().dim() >= 2;
    members[encoder ? (decayed ? kEncoderDecayed : kEncoderPlain) : (decayed ? kDecayed : kPlain)].push_back(
        parameter.value());
  }
  std::vector<OptimizerParamGroup> groups;
  for (std::size_t i = 0; i < kGroups; ++i) {
    Options own = options;
    if (i == kEncoderDecayed || i == kDecayed) own.weight_decay(weight_decay);
    groups.emplace_back(members[i], std::make_unique<Options>(own));
  }
  return groups;
}

}  // namespace

std::unique_ptr<torch::optim::Optimizer> make_optimizer(const torch::nn::Module& model,
                                                        const TrainSettings& settings) {
  const OptimizerSettings& how = settings.optimizer;
  switch (how.type) {
    case OptimizerType::adamw: {
      const auto options = torch::optim::AdamWOptions(settings.learning_rate).weight_decay(0);
      return std::make_unique<torch::optim::AdamW>(parameter_groups(model, options, how.weight_decay),
                                                   options);
    }
    case OptimizerType::adam: {
      const auto options = torch::optim::AdamOptions(settings.learning_rate);
      return std::make_unique<torch::optim::Adam>(parameter_groups(model, options, how.weight_decay),
                                                  options);
    }
    case OptimizerType::sgd: {
      const auto options = torch::optim::SGDOptions(settings.learning_rate).momentum(how.momentum);
      return std::make_unique<torch::optim::SGD>(parameter_groups(model, options, how.weight_decay), options);
    }
  }
  throw std::logic_error("unknown optimizer type");
}

void set_learning_rate(torch::optim::Optimizer& optimizer, double learning_rate, double encoder_factor) {
  for (std::size_t i = 0; i < kGroups; ++i) {
    const bool encoder = i == kEncoderDecayed || i == kEncoderPlain;
    optimizer.param_groups()[i].options().set_lr(encoder ? learning_rate * encoder_factor : learning_rate);
  }
}

}  // namespace actrec
