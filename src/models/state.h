#pragma once

#include <torch/torch.h>

#include <filesystem>
#include <map>
#include <string>

namespace actrec {

using NamedTensors = std::map<std::string, torch::Tensor>;

// Parameters, and buffers such as the statistics of batch normalisation, by name.
torch::OrderedDict<std::string, torch::Tensor> state_of(const torch::nn::Module& module);

// The tensors whose names start with `prefix`, without it.
NamedTensors without_prefix(const NamedTensors& tensors, const std::string& prefix);

enum class StateMatch {
  exact,    // every tensor with its dtype
  weights,  // of other programs: any floating dtype, finite; num_batches_tracked may be missing
};

// Copies `tensors` into the module's state. Strict: every tensor must be there with its shape, and nothing
// else. Throws CheckpointError naming `path` and every missing, extra and misshapen tensor (20 of them), with
// `hint`; nothing is copied then.
void load_state(torch::nn::Module& module, const NamedTensors& tensors, const std::filesystem::path& path,
                StateMatch match, const std::string& hint = "");

}  // namespace actrec
