#include "engine/optimizer.h"

#include <gtest/gtest.h>

#include "torch_reference.h"

namespace actrec {
namespace {

class OptimizerParity : public testing::TestWithParam<OptimizerType> {};

// Three steps of a linear layer with clipping, smoothing and class weights, as the trainer takes them.
TEST_P(OptimizerParity, TakesPyTorchsSteps) {
  ACTREC_NEED_TORCH_REFERENCE();
  const std::string name = Names<OptimizerType>::values[static_cast<std::size_t>(GetParam())];
  TrainSettings settings;
  settings.optimizer.type = GetParam();
  settings.optimizer.weight_decay = 0.1;
  settings.optimizer.momentum = 0.8;
  torch::nn::Linear net(6, 4);
  load_reference(*net, name + "/before.");
  auto loss_function =
      torch::nn::CrossEntropyLoss(torch::nn::CrossEntropyLossOptions().label_smoothing(0.1).weight(
          reference_tensor(name + "/class_weights")));
  const auto optimizer = make_optimizer(*net, settings);
  std::vector<torch::Tensor> losses;
  for (int step = 0; step < 3; ++step) {
    optimizer->zero_grad();
    losses.push_back(
        loss_function(net->forward(reference_tensor(name + "/x")), reference_tensor(name + "/target")));
    losses.back().backward();
    torch::nn::utils::clip_grad_norm_(net->parameters(), 0.5);
    set_learning_rate(*optimizer, 0.01);
    optimizer->step();
  }
  EXPECT_LT(max_difference(torch::stack(losses), reference_tensor(name + "/losses")), 1e-5);
  EXPECT_LT(max_difference(net->weight, reference_tensor(name + "/after.weight")), 1e-5);
  EXPECT_LT(max_difference(net->bias, reference_tensor(name + "/after.bias")), 1e-5);
}

INSTANTIATE_TEST_SUITE_P(Optimizer, OptimizerParity,
                         testing::Values(OptimizerType::adamw, OptimizerType::adam, OptimizerType::sgd),
                         [](const auto& test) {
                           return std::string(
                               Names<OptimizerType>::values[static_cast<std::size_t>(test.param)]);
                         });

TEST(Optimizer, LeavesFrozenParametersAlone) {
  torch::nn::Linear net(2, 2);
  net->weight.set_requires_grad(false);
  const auto optimizer = make_optimizer(*net, TrainSettings());
  std::size_t parameters = 0;
  for (const auto& group : optimizer->param_groups()) parameters += group.params().size();
  EXPECT_EQ(parameters, 1u);
}

}  // namespace
}  // namespace actrec
