#pragma once

#include <torch/torch.h>

#include <cstdint>

#include "engine/training_step.h"

namespace actrec {

// Sums over an epoch, kept on the device so that no step waits for it.
struct TrainMeter {
  torch::Tensor loss_sum;  // float64, a scalar
  torch::Tensor hits;      // int64, a scalar
  std::int64_t clips = 0;
  double seconds = 0;
  double wait_seconds = 0;

  TrainMeter() : TrainMeter(torch::kCPU) {}
  explicit TrainMeter(const torch::Device& device)
      : loss_sum(torch::zeros({}, torch::TensorOptions(torch::kFloat64).device(device))),
        hits(torch::zeros({}, torch::TensorOptions(torch::kInt64).device(device))) {}

  void add(const StepOutcome& outcome, std::int64_t batch_size) {
    loss_sum += outcome.loss * batch_size;
    hits += outcome.hits;
    clips += batch_size;
  }
  double loss() const { return loss_sum.item<double>() / static_cast<double>(clips); }
  double top1() const { return static_cast<double>(hits.item<std::int64_t>()) / static_cast<double>(clips); }
};

}  // namespace actrec
