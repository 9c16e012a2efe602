#include "engine/adamw.h"

#include <gtest/gtest.h>

#include <vector>

namespace actrec {
namespace {

using torch::optim::AdamWOptions;

// LibTorch's steps are the reference.
void expect_libtorchs_steps(const torch::Tensor& start, torch::MemoryFormat gradients) {
  torch::manual_seed(1);
  const auto options = AdamWOptions(0.1).weight_decay(0.05);
  torch::Tensor ours = start.clone().set_requires_grad(true), theirs = start.clone().set_requires_grad(true);
  AdamW own({ours}, options);
  torch::optim::AdamW reference({theirs}, options);
  for (int step = 0; step < 20; ++step) {
    const torch::Tensor gradient = torch::randn_like(start);
    ours.mutable_grad() = gradient.contiguous(gradients);
    theirs.mutable_grad() = gradient.contiguous(gradients);
    own.step();
    reference.step();
  }
  EXPECT_GT((ours - start).abs().max().item<float>(), 0.5);
  EXPECT_TRUE(torch::allclose(ours, theirs, 1e-5, 1e-6)) << (ours - theirs).abs().max();
}

TEST(AdamW, TakesLibTorchsSteps) {
  expect_libtorchs_steps(torch::randn({100003}), torch::MemoryFormat::Contiguous);  // for several threads
}

TEST(AdamW, GradientsMayLieInMemoryInAnotherOrder) {
  expect_libtorchs_steps(torch::randn({8, 3, 5, 5}).contiguous(torch::MemoryFormat::ChannelsLast),
                         torch::MemoryFormat::Contiguous);
  expect_libtorchs_steps(torch::randn({8, 3, 5, 5}), torch::MemoryFormat::ChannelsLast);
}

TEST(AdamW, OtherTypesAreLibTorchs) {
  expect_libtorchs_steps(torch::randn({50}, torch::kFloat64), torch::MemoryFormat::Contiguous);
}

TEST(AdamW, AParameterWithoutGradientStays) {
  torch::Tensor with = torch::ones({3}).set_requires_grad(true), without = with.detach().clone();
  AdamW optimizer(std::vector<torch::Tensor>{with, without}, AdamWOptions(0.1));
  with.mutable_grad() = torch::ones({3});
  optimizer.step();
  EXPECT_TRUE(torch::equal(without, torch::ones({3})));
  EXPECT_FALSE(torch::equal(with, torch::ones({3})));
}

}  // namespace
}  // namespace actrec
