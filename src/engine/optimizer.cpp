#include "engine/optimizer.h"

namespace actrec {
namespace {

using torch::optim::OptimizerParamGroup;

template <typename Options>
std::vector<OptimizerParamGroup> parameter_groups(const torch::nn::Module& model, const Options& options,
                                                  double weight_decay) {
  std::vector<torch::Tensor> decayed, plain;
  for (const torch::Tensor& parameter : model.parameters()) {
    if (!parameter.requires_grad()) continue;
    (parameter.dim() >= 2 ? decayed : plain).push_back(parameter);
  }
  Options with_decay = options;
  with_decay.weight_decay(weight_decay);
  std::vector<OptimizerParamGroup> groups;
  groups.emplace_back(decayed, std::make_unique<Options>(with_decay));
  groups.emplace_back(plain, std::make_unique<Options>(options));
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

void set_learning_rate(torch::optim::Optimizer& optimizer, double learning_rate) {
  for (OptimizerParamGroup& group : optimizer.param_groups()) group.options().set_lr(learning_rate);
}

}  // namespace actrec
