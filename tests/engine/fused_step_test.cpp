#include "engine/fused_step.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <memory>

namespace actrec {
namespace {

using torch::optim::Optimizer;
using torch::optim::OptimizerParamGroup;
using Tensors = std::vector<torch::Tensor>;
using Make = std::function<std::unique_ptr<Optimizer>(const Tensors&)>;

// An optimiser with two groups, of different decay.
template <typename Optimiser, typename Options>
Make maker(Options options) {
  return [options](const Tensors& parameters) {
    Options decayed = options;
    decayed.weight_decay(0.05);
    std::vector<OptimizerParamGroup> groups;
    groups.emplace_back(Tensors{parameters[0], parameters[1]}, std::make_unique<Options>(decayed));
    groups.emplace_back(Tensors(parameters.begin() + 2, parameters.end()),
                        std::make_unique<Options>(options));
    return std::make_unique<Optimiser>(groups, options);
  };
}

const std::vector<std::pair<std::string, Make>>& optimisers() {
  static const std::vector<std::pair<std::string, Make>> all{
      {"adamw", maker<torch::optim::AdamW>(torch::optim::AdamWOptions(0.1))},
      {"adam", maker<torch::optim::Adam>(torch::optim::AdamOptions(0.1))},
      {"sgd", maker<torch::optim::SGD>(torch::optim::SGDOptions(0.1).momentum(0.9))},
      {"sgd without momentum", maker<torch::optim::SGD>(torch::optim::SGDOptions(0.1))},
  };
  return all;
}

Tensors parameters_to_learn() {
  torch::manual_seed(1);
  Tensors parameters{torch::randn({4, 3, 5, 5}).contiguous(torch::MemoryFormat::ChannelsLast),
                     torch::randn({17, 9}), torch::randn({17}), torch::randn({3})};
  for (torch::Tensor& parameter : parameters) parameter.set_requires_grad(true);
  return parameters;
}

// The last parameter gets none, and the first one's does not lie in memory as it does itself.
void set_gradients(Tensors& parameters, int step) {
  torch::manual_seed(100 + step);
  for (std::size_t i = 0; i + 1 < parameters.size(); ++i)
    parameters[i].mutable_grad() = torch::randn(parameters[i].sizes());
}

void expect_close(const Tensors& ours, const Tensors& theirs, const std::string& name) {
  for (std::size_t i = 0; i < ours.size(); ++i)
    EXPECT_TRUE(torch::allclose(ours[i], theirs[i], 1e-4, 1e-5)) << name << " " << i;
}

class FusedSteps : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!FusedStep::kAvailable) GTEST_SKIP() << "this LibTorch has no fused steps";
  }
};

TEST_F(FusedSteps, AreTheOptimisersOwn) {
  for (const double clip : {0.0, 0.5, 1000.0}) {
    for (const auto& [name, make] : optimisers()) {
      Tensors ours = parameters_to_learn(), theirs = parameters_to_learn();
      const auto own = make(ours), reference = make(theirs);
      FusedStep fused(*own, clip, torch::kCPU);
      for (int step = 0; step < 10; ++step) {
        set_gradients(ours, step);
        set_gradients(theirs, step);
        fused.step();
        if (clip > 0) torch::nn::utils::clip_grad_norm_(theirs, clip);
        reference->step();
      }
      EXPECT_EQ(fused.skipped(), 0);
      expect_close(ours, theirs, fmt::format("{}, clip {}", name, clip));
      const Tensors start = parameters_to_learn();
      for (std::size_t i = 0; i < ours.size(); ++i)
        EXPECT_EQ(torch::equal(ours[i], start[i]), i == 3) << name << " " << i;
    }
  }
}

TEST_F(FusedSteps, ContinueTheOptimisersSteps) {
  for (const auto& [name, make] : optimisers()) {
    Tensors ours = parameters_to_learn(), theirs = parameters_to_learn();
    const auto own = make(ours), reference = make(theirs);
    FusedStep fused(*own, 0, torch::kCPU);
    for (int step = 0; step < 6; ++step) {
      set_gradients(ours, step);
      set_gradients(theirs, step);
      step < 3 ? own->step() : (fused.step(), torch::Tensor());
      reference->step();
    }
    expect_close(ours, theirs, name);
  }
}

TEST_F(FusedSteps, ChangeNothingFromTheFirstBadGradientOn) {
  for (const double bad : {std::nan(""), HUGE_VAL}) {
    for (const auto& [name, make] : optimisers()) {
      Tensors ours = parameters_to_learn(), theirs = parameters_to_learn();
      const auto own = make(ours), reference = make(theirs);
      FusedStep fused(*own, 1, torch::kCPU);
      for (int step = 0; step < 5; ++step) {
        set_gradients(ours, step);
        if (step == 2) ours[1].mutable_grad()[3][4] = bad;
        fused.step();
      }
      EXPECT_EQ(fused.skipped(), 3) << name;
      EXPECT_EQ(fused.skipped(), 3) << name;
      for (int step = 0; step < 2; ++step) {
        set_gradients(theirs, step);
        torch::nn::utils::clip_grad_norm_(theirs, 1);
        reference->step();
      }
      expect_close(ours, theirs, name);
      // The state, too, is that before the bad step.
      set_gradients(ours, 9);
      set_gradients(theirs, 9);
      own->step();
      reference->step();
      expect_close(ours, theirs, name);
    }
  }
}

TEST_F(FusedSteps, FirstGradientsMayBeBad) {
  for (const auto& [name, make] : optimisers()) {
    Tensors ours = parameters_to_learn();
    const auto own = make(ours);
    FusedStep fused(*own, 0, torch::kCPU);
    set_gradients(ours, 0);
    ours[0].mutable_grad().fill_(std::nan(""));
    fused.step();
    EXPECT_EQ(fused.skipped(), 1) << name;
    const Tensors start = parameters_to_learn();
    for (std::size_t i = 0; i < ours.size(); ++i) EXPECT_TRUE(torch::equal(ours[i], start[i])) << name;
  }
}

}  // namespace
}  // namespace actrec
