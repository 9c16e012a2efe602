#pragma once

#include <torch/torch.h>

#include "config/settings.h"
#include "core/process_layout.h"
#include "data/loader.h"

namespace actrec {

// The device that `name` ("auto", "cpu", "cuda", "cuda:N") stands for. `auto` takes CUDA where it works and
// says in the log why not otherwise; asking for a CUDA device that is not there is a ConfigError. A CUDA
// device becomes the thread's current one, so that nothing of it, such as pinned memory, is made on the
// first.
torch::Device resolve_device(const std::string& name);

// The device that `name` ("cuda", "cuda:N") stands for where there are `count`. Throws ConfigError if N is
// not among them.
torch::Device cuda_device(const std::string& name, int count);

// How the one budget of cores is used. LibTorch's share does not depend on the number of decoding workers,
// so results do not either.
struct ThreadPlan {
  int torch = 1;  // threads inside an operation
  int workers =
      0;  // decoding threads, at low priority: they fill the time in which the step leaves cores idle
};

// Splits settings.threads (0: all cores this process may use), tells LibTorch, and logs the plan once. Tells
// LibTorch of train.precision, too, as far as that is a matter of the whole process.
ThreadPlan plan_threads(const Settings& settings);

// How batches are loaded for that device, by one of several processes its shard of training batches.
LoaderOptions loader_options(const Settings& settings, const ThreadPlan& threads, const torch::Device& device,
                             const Shard& shard = {});

// The CUDA device of a process that sees `count` of them: that of its local rank, unless it sees a single
// one, because its launcher shows each process its own.
std::string own_cuda_device(const ProcessLayout& layout, int count);

// Gives a process that shares its machine with others its part of it: a CUDA device of its own, where there
// is one, and an equal part of the cores.
void share_machine(Settings& settings, const ProcessLayout& layout);

}  // namespace actrec
