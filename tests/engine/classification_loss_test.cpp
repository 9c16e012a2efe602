#include "engine/classification_loss.h"

#include <gtest/gtest.h>

#include <cmath>
#include <utility>

namespace actrec {
namespace {

TEST(ClassificationLoss, IsThatOfAHandComputedExample) {
  // Probabilities 0.8 and 0.2, then 0.5 and 0.5.
  const torch::Tensor logits = torch::tensor({std::log(4.0F), 0.0F, 1.0F, 1.0F}).view({2, 2});
  const torch::Tensor labels = torch::tensor({0, 1}, torch::kInt64);
  const ClassificationLoss plain({}, 0, torch::kCPU);
  EXPECT_NEAR(plain(logits, labels).item<double>(), -(std::log(0.8) + std::log(0.5)) / 2, 1e-6);
  // Half of a label is shared by both classes: 0.75 of it for its own, 0.25 for the other.
  const ClassificationLoss smoothed({}, 0.5, torch::kCPU);
  const double first = -(0.75 * std::log(0.8) + 0.25 * std::log(0.2)), second = -std::log(0.5);
  EXPECT_NEAR(smoothed(logits, labels).item<double>(), (first + second) / 2, 1e-6);
  const ClassificationLoss weighted(torch::tensor({1.0F, 3.0F}), 0, torch::kCPU);
  EXPECT_NEAR(weighted(logits, labels).item<double>(), -(std::log(0.8) + 3 * std::log(0.5)) / 4, 1e-6);
}

TEST(ClassificationLoss, AgreesWithLibTorchInValueAndGradient) {
  torch::manual_seed(5);
  const torch::Tensor labels = torch::tensor({4, 0, 2, 2, 1, 4, 4}, torch::kInt64);
  for (const torch::Tensor& weights : {torch::Tensor(), torch::rand({5}) + 0.1}) {
    for (const double smoothing : {0.0, 0.1, 0.9}) {
      const torch::Tensor logits = (3 * torch::randn({7, 5})).requires_grad_();
      const torch::Tensor theirs = torch::nn::functional::cross_entropy(
          logits, labels,
          torch::nn::functional::CrossEntropyFuncOptions().weight(weights).label_smoothing(smoothing));
      theirs.backward();
      const torch::Tensor gradient = std::exchange(logits.mutable_grad(), {});
      const torch::Tensor ours = ClassificationLoss(weights, smoothing, torch::kCPU)(logits, labels);
      ours.backward();
      EXPECT_NEAR(ours.item<double>(), theirs.item<double>(), 1e-6) << smoothing;
      EXPECT_TRUE(torch::allclose(logits.grad(), gradient, 1e-5, 1e-7)) << smoothing;
    }
  }
}

}  // namespace
}  // namespace actrec
