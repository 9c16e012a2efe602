#include "engine/optimizer.h"

#include <gtest/gtest.h>

#include "engine/classification_loss.h"
#include "torch_reference.h"

namespace actrec {
namespace {

class OptimizerParity : public ::testing::TestWithParam<OptimizerType> {};

// Three steps of a linear layer with clipping, smoothing and class weights, as the trainer takes them.
TEST_P(OptimizerParity, TakesPyTorchsSteps) {
  ACTREC_NEED_TORCH_REFERENCE();
  const std::string name = Names<OptimizerType>::kSpellings[static_cast<std::size_t>(GetParam())];
  TrainSettings settings;
  settings.optimizer.type = GetParam();
  settings.optimizer.weight_decay = 0.1;
  settings.optimizer.momentum = 0.8;
  torch::nn::Linear net(6, 4);
  load_reference(*net, name + "/before.");
  const ClassificationLoss loss_function(reference_tensor(name + "/class_weights"), 0.1, torch::kCPU);
  const auto optimizer = make_optimizer(*net, settings);
  std::vector<torch::Tensor> losses;
  for (int step = 0; step < 3; ++step) {
    optimizer->zero_grad();
    losses.push_back(
        loss_function(net->forward(reference_tensor(name + "/x")), reference_tensor(name + "/target")));
    losses.back().backward();
    torch::nn::utils::clip_grad_norm_(net->parameters(), 0.5);
    set_learning_rate(*optimizer, 0.01, 1);
    optimizer->step();
  }
  EXPECT_LT(max_difference(torch::stack(losses), reference_tensor(name + "/losses")), 1e-5);
  EXPECT_LT(max_difference(net->weight, reference_tensor(name + "/after.weight")), 1e-5);
  EXPECT_LT(max_difference(net->bias, reference_tensor(name + "/after.bias")), 1e-5);
}

INSTANTIATE_TEST_SUITE_P(Optimizer, OptimizerParity,
                         ::testing::Values(OptimizerType::adamw, OptimizerType::adam, OptimizerType::sgd),
                         [](const auto& test) {
                           return std::string(
                               Names<OptimizerType>::kSpellings[static_cast<std::size_t>(test.param)]);
                         });

// A network with a module `encoder`.
class TwoLayers : public torch::nn::Module {
 public:
  torch::nn::Linear encoder{register_module("encoder", torch::nn::Linear(2, 2))};
  torch::nn::Linear head{register_module("head", torch::nn::Linear(2, 2))};
};

TEST(Optimizer, LeavesFrozenParametersAloneUntilTheyLearn) {
  TrainSettings settings;
  settings.optimizer.weight_decay = 0.5;
  TwoLayers net;
  const auto optimizer = make_optimizer(net, settings);
  set_learning_rate(*optimizer, 0.1, 1);
  net.encoder->weight.set_requires_grad(false);
  const torch::Tensor before = net.encoder->weight.detach().clone();
  const auto step = [&] {
    net.head->forward(net.encoder->forward(torch::ones({1, 2}))).sum().backward();
    optimizer->step();
    optimizer->zero_grad();
  };
  step();
  EXPECT_TRUE(torch::equal(net.encoder->weight, before));
  net.encoder->weight.set_requires_grad(true);
  step();
  EXPECT_FALSE(torch::equal(net.encoder->weight, before));
}

TEST(Optimizer, TheEncoderLearnsAtItsShareOfTheRate) {
  TrainSettings settings;
  settings.optimizer.type = OptimizerType::sgd;
  settings.optimizer.weight_decay = 0;
  settings.optimizer.momentum = 0;
  TwoLayers net;
  const auto optimizer = make_optimizer(net, settings);
  for (torch::Tensor& parameter : net.parameters()) parameter.mutable_grad() = torch::ones_like(parameter);
  const torch::Tensor encoder = net.encoder->weight.detach().clone(), head = net.head->bias.detach().clone();
  set_learning_rate(*optimizer, 0.1, 0.25);
  optimizer->step();
  EXPECT_TRUE(torch::allclose(encoder - net.encoder->weight, torch::full({2, 2}, 0.025)));
  EXPECT_TRUE(torch::allclose(head - net.head->bias, torch::full({2}, 0.1)));
}

}  // namespace
}  // namespace actrec
