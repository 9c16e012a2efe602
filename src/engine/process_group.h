#pragma once

#include <torch/torch.h>

#include <memory>
#include <string>
#include <vector>

#include "core/process_layout.h"
#include "data/batch_source.h"

namespace actrec {

// The processes that train one model together (data parallelism), through LibTorch's c10d: Gloo for tensors
// on the CPU and, where the build found NCCL, NCCL for those on CUDA devices. Every process must call the
// same functions in the same order. Where a process has ended or does not answer within the timeout, they
// throw Error in all others. Not for sharing between threads, but for Sums, which may be started in any
// thread, one at a time.
class ProcessGroup {
 public:
#ifdef ACTREC_NCCL
  static constexpr bool kHasNccl = true;
#else
  static constexpr bool kHasNccl = false;
#endif

  // This process alone: sums, broadcasts and gathering are what they are of one.
  ProcessGroup();
  // Waits, no longer than the timeout, until all processes of the layout have joined.
  ProcessGroup(const ProcessLayout& layout, double timeout_seconds);
  ~ProcessGroup();
  ProcessGroup(const ProcessGroup&) = delete;
  ProcessGroup& operator=(const ProcessGroup&) = delete;

  int rank() const { return layout_.rank; }
  int size() const { return layout_.size; }
  bool alone() const { return size() == 1; }
  bool leads() const { return rank() == 0; }  // whether this is the one that writes
  Shard shard() const { return {rank(), size()}; }

  // Replaces a contiguous tensor by its sum over the processes.
  void sum(torch::Tensor& tensor);

  // The same, going on while the caller does other things, until wait(). The tensor must be left alone
  // meanwhile.
  class Sum {
   public:
    virtual ~Sum() = default;
    virtual void wait() = 0;
  };
  std::unique_ptr<Sum> start_sum(torch::Tensor& tensor);

  // Gives every process the tensors, or the text, of rank 0. Tensors of one shape and dtype in each process.
  void broadcast(const std::vector<torch::Tensor>& tensors);
  std::string broadcast(const std::string& text);

  // The text of every process, by rank.
  std::vector<std::string> gather(const std::string& text);
  // The rows of every process, by rank, as one tensor on the CPU: [n, ...] in each, any n and the rest the
  // same.
  torch::Tensor gather_rows(const torch::Tensor& rows);

  // Returns when every process has called it.
  void wait_for_all();

  // Seconds that this process has spent waiting for others in the functions above.
  double waited_seconds() const { return waited_seconds_; }

 private:
  struct Backends;
  class SumOfAll;
  template <typename Call>
  auto with_others(const std::string& what, Call call);

  ProcessLayout layout_;
  double waited_seconds_ = 0;
  std::unique_ptr<Backends> backends_;  // null: alone
};

}  // namespace actrec
