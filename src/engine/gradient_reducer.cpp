#include "engine/gradient_reducer.h"

#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/function_hook.h>

#include <algorithm>
#include <utility>

#include "core/torch_compat.h"

namespace actrec {
namespace {

// The first bucket, of the last layers, is small, so that communication begins early.
constexpr std::int64_t kFirstBucketBytes = 1 << 20, kBucketBytes = 8 << 20;

// Calls something once the gradient of a parameter is complete.
class AfterGradient : public torch::autograd::FunctionPostHook {
 public:
  explicit AfterGradient(std::function<void()> call) : call_(std::move(call)) {}
  torch::autograd::variable_list operator()(const torch::autograd::variable_list& outputs,
                                            const torch::autograd::variable_list& /*inputs*/) override {
    call_();
    return outputs;
  }

 private:
  std::function<void()> call_;
};

}  // namespace

struct GradientReducer::Bucket {
  std::vector<torch::Tensor> parameters;
  torch::Tensor flat;       // their gradients, one after the other
  std::size_t missing = 0;  // gradients that the backward pass has not come to
  std::unique_ptr<ProcessGroup::Sum> sum;
};

// The hooks share it, so that one that is still there when the reducer has gone does no harm.
struct GradientReducer::Progress {
  ProcessGroup& group;
  std::vector<Bucket> buckets;
  std::vector<NodePointer> accumulators;  // of the parameters, which keep the hooks alive
  bool running = false;                   // between begin() and finish()
  std::size_t started = 0;                // buckets whose sum has; they start in their order everywhere

  explicit Progress(ProcessGroup& of) : group(of) {}

  void start(Bucket& bucket) {
    std::int64_t offset = 0;
    for (const torch::Tensor& parameter : bucket.parameters) {
      torch::Tensor part = bucket.flat.narrow(0, offset, parameter.numel());
      offset += parameter.numel();
      if (parameter.grad().defined()) {
        part.copy_(parameter.grad().reshape(-1));
      } else {
        part.zero_();
      }
    }
    bucket.sum = group.start_sum(bucket.flat);
  }

  void on_gradient(std::size_t index) {
    if (!running) return;
    --buckets[index].missing;
    while (started < buckets.size() && buckets[started].missing == 0) start(buckets[started++]);
  }

  void take_sum(Bucket& bucket) {
    bucket.sum->wait();
    bucket.sum.reset();
    std::int64_t offset = 0;
    for (torch::Tensor& parameter : bucket.parameters) {
      torch::Tensor& gradient = parameter.mutable_grad();
      if (!gradient.defined()) gradient = torch::empty_like(parameter).detach();
      gradient.copy_(bucket.flat.narrow(0, offset, parameter.numel()).view_as(parameter));
      offset += parameter.numel();
    }
  }
};

GradientReducer::GradientReducer(std::vector<torch::Tensor> parameters, ProcessGroup& group)
    : parameters_(std::move(parameters)), group_(group) {}

GradientReducer::~GradientReducer() {
  if (progress_) progress_->running = false;
}

void GradientReducer::begin() {
  arrange();
  for (Bucket& bucket : progress_->buckets) bucket.missing = bucket.parameters.size();
  progress_->running = true;
}

void GradientReducer::finish() {
  arrange();
  const torch::NoGradGuard no_grad;
  progress_->running = false;
  std::vector<Bucket>& buckets = progress_->buckets;
  while (progress_->started < buckets.size()) progress_->start(buckets[progress_->started++]);
  for (Bucket& bucket : buckets) progress_->take_sum(bucket);
  progress_->started = 0;
}

// Divides the parameters that are trained now into buckets, unless it is done.
void GradientReducer::arrange() {
  std::vector<torch::Tensor> trained;
  std::copy_if(parameters_.rbegin(), parameters_.rend(), std::back_inserter(trained),
               [](const torch::Tensor& parameter) { return parameter.requires_grad(); });
  if (progress_ && trained.size() == progress_->accumulators.size()) return;
  if (progress_) progress_->running = false;
  progress_ = std::make_shared<Progress>(group_);
  std::vector<Bucket>& buckets = progress_->buckets;
  std::int64_t bytes = 0;
  for (const torch::Tensor& parameter : trained) {
    if (buckets.empty() || bytes >= (buckets.size() == 1 ? kFirstBucketBytes : kBucketBytes)) {
      buckets.emplace_back();
      bytes = 0;
    }
    bytes += static_cast<std::int64_t>(parameter.nbytes());
    buckets.back().parameters.push_back(parameter);
    const std::size_t index = buckets.size() - 1;
    const NodePointer accumulator = torch::autograd::impl::grad_accumulator(parameter);
    accumulator->add_post_hook(
        std::make_unique<AfterGradient>([index, progress = std::weak_ptr<Progress>(progress_)] {
          if (const std::shared_ptr<Progress> shared = progress.lock()) shared->on_gradient(index);
        }));
    progress_->accumulators.push_back(accumulator);
  }
  for (Bucket& bucket : buckets) {
    std::int64_t numbers = 0;
    for (const torch::Tensor& parameter : bucket.parameters) numbers += parameter.numel();
    bucket.flat = torch::empty({numbers}, bucket.parameters.front().options().requires_grad(false));
  }
}

}  // namespace actrec
