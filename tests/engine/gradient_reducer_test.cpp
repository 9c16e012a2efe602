#include "engine/gradient_reducer.h"

#include <gtest/gtest.h>

#include "process_threads.h"

namespace actrec {
namespace {

// Three megabytes of parameters, so several buckets.
std::vector<torch::Tensor> make_parameters() {
  std::vector<torch::Tensor> parameters;
  for (int i = 0; i < 6; ++i)
    parameters.push_back(torch::linspace(-1 - i, 2 + i, 125000).view({500, 250}).requires_grad_());
  return parameters;
}

// A loss whose gradient by each parameter depends on the process.
torch::Tensor loss_of(const std::vector<torch::Tensor>& parameters, double factor) {
  torch::Tensor loss = torch::zeros({});
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const torch::Tensor& parameter = parameters[i];
    if (parameter.requires_grad())
      loss = loss + (parameter * parameter).sum() * (factor * (1.0 + static_cast<double>(i)));
  }
  return loss;
}

// d/dp of the sum of f * (1 + i) * p^2 over factors f that add up to `factors`.
torch::Tensor expected_gradient(const torch::Tensor& parameter, std::size_t index, double factors) {
  return parameter.detach() * (2 * factors * (1.0 + static_cast<double>(index)));
}

void expect_gradients(const std::vector<torch::Tensor>& parameters, double factors) {
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    EXPECT_TRUE(
        torch::allclose(parameters[i].grad(), expected_gradient(parameters[i], i, factors), 1e-5, 1e-6))
        << i;
  }
}

void forget(std::vector<torch::Tensor>& parameters) {
  for (torch::Tensor& parameter : parameters) parameter.mutable_grad().reset();
}

TEST(GradientReducer, EveryProcessHasTheSum) {
  run_together(3, [](ProcessGroup& group) {
    std::vector<torch::Tensor> parameters = make_parameters();
    GradientReducer reducer(parameters, group);
    for (int step = 0; step < 3; ++step) {
      reducer.begin();
      loss_of(parameters, group.rank() + 1).backward();
      reducer.finish();
      expect_gradients(parameters, 1 + 2 + 3);
      forget(parameters);
    }
  });
}

TEST(GradientReducer, WhatWasAccumulatedBeforeTheLastPassCounts) {
  run_together(2, [](ProcessGroup& group) {
    std::vector<torch::Tensor> parameters = make_parameters();
    GradientReducer reducer(parameters, group);
    loss_of(parameters, 10).backward();
    reducer.begin();
    loss_of(parameters, group.rank()).backward();
    reducer.finish();
    expect_gradients(parameters, 20 + 1);
  });
}

TEST(GradientReducer, AProcessWithoutABatchGetsTheGradientOfTheOthers) {
  run_together(2, [](ProcessGroup& group) {
    std::vector<torch::Tensor> parameters = make_parameters();
    GradientReducer reducer(parameters, group);
    for (const bool begins : {true, false}) {
      if (group.leads()) {
        if (begins) reducer.begin();
        loss_of(parameters, 4).backward();
      }
      reducer.finish();
      expect_gradients(parameters, 4);
      forget(parameters);
    }
  });
}

TEST(GradientReducer, ParametersMayBeFrozenAndFreed) {
  run_together(2, [](ProcessGroup& group) {
    std::vector<torch::Tensor> parameters = make_parameters();
    GradientReducer reducer(parameters, group);
    for (const bool trained : {false, true, false}) {
      parameters[0].set_requires_grad(trained);
      reducer.begin();
      loss_of(parameters, 1).backward();
      reducer.finish();
      EXPECT_EQ(parameters[0].grad().defined(), trained);
      EXPECT_TRUE(torch::allclose(parameters[5].grad(), expected_gradient(parameters[5], 5, 2), 1e-5, 1e-6));
      forget(parameters);
    }
  });
}

TEST(GradientReducer, HooksOfOneThatHasGoneDoNothing) {
  run_together(2, [](ProcessGroup& group) {
    std::vector<torch::Tensor> parameters = make_parameters();
    {
      GradientReducer reducer(parameters, group);
      reducer.begin();
      loss_of(parameters, 1).backward();
      reducer.finish();
    }
    forget(parameters);
    loss_of(parameters, 1).backward();
    expect_gradients(parameters, 1);
  });
}

}  // namespace
}  // namespace actrec
