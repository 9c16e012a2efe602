#pragma once

#include <torch/torch.h>

#include <memory>
#include <vector>

#include "engine/process_group.h"

namespace actrec {

// Adds up the gradients of several processes. The parameters are divided, from the last to the first, into
// buckets of some megabytes, and the sum of a bucket starts as soon as the backward pass has come past it, so
// that most of the communication is hidden behind the computation (Li et al. 2020, "PyTorch Distributed:
// Experiences on Accelerating Data Parallel Training").
class GradientReducer {
 public:
  // The parameters of the model, of one dtype, in the same order in each process; those that do not require a
  // gradient are passed by, and may change between two calls of begin().
  GradientReducer(std::vector<torch::Tensor> parameters, ProcessGroup& group);
  ~GradientReducer();
  GradientReducer(const GradientReducer&) = delete;
  GradientReducer& operator=(const GradientReducer&) = delete;

  // Call it before the last backward pass that adds to the gradients; buckets are summed while that pass
  // runs.
  void begin();
  // Replaces each gradient by the sum over the processes. Gradients that are undefined count as zero. Every
  // process must call it equally often, whether or not it has called begin().
  void finish();

 private:
  struct Bucket;
  struct Progress;
  void arrange();

  std::vector<torch::Tensor> parameters_;
  ProcessGroup& group_;
  std::shared_ptr<Progress> progress_;
};

}  // namespace actrec
