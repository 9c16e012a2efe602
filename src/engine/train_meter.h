#pragma once

#include <torch/torch.h>

#include <cstdint>

#include "engine/process_group.h"
#include "engine/training_step.h"

namespace actrec {

// Sums over an epoch, kept on the device so that no step waits for it. Of several processes, each has its own
// part of the two sums until they are added up.
struct TrainMeter {
  torch::Tensor loss_sum;  // float64, a scalar
  torch::Tensor hits;      // int64, a scalar
  std::int64_t clips = 0;  // of all processes
  double seconds = 0;
  double wait_seconds = 0;

  TrainMeter() : TrainMeter(torch::kCPU) {}
  explicit TrainMeter(const torch::Device& device)
      : loss_sum(torch::zeros({}, torch::TensorOptions(torch::kFloat64).device(device))),
        hits(torch::zeros({}, torch::TensorOptions(torch::kInt64).device(device))) {}

  // `share`: of the process in the mean loss of the batch, which has `batch_size` clips in all.
  void add(const StepOutcome& outcome, double share, std::int64_t batch_size) {
    loss_sum += outcome.loss * (share * static_cast<double>(batch_size));
    hits += outcome.hits;
    clips += batch_size;
  }
  void add_up(ProcessGroup& group) {
    loss_sum = loss_sum.clone();
    hits = hits.clone();
    group.sum(loss_sum);
    group.sum(hits);
  }
  void clear_sums() {
    loss_sum = torch::zeros_like(loss_sum);
    hits = torch::zeros_like(hits);
  }
  double loss() const { return loss_sum.item<double>() / static_cast<double>(clips); }
  double top1() const { return static_cast<double>(hits.item<std::int64_t>()) / static_cast<double>(clips); }
};

}  // namespace actrec
