#pragma once

#include <torch/torch.h>

#include <filesystem>
#include <map>
#include <string>

namespace actrec {

enum class PytorchFileKind {
  none,          // something else
  state_dict,    // of torch.save, zip or legacy format
  torch_script,  // of torch.jit.save
};

// What the file is by its first bytes and, for a zip file, its members. Throws CheckpointError where it
// cannot be read.
PytorchFileKind pytorch_file_kind(const std::filesystem::path& path);

// The tensors of a state dict that Python's torch.save wrote, in either of its formats; one that lies in a
// dictionary under 'state_dict', 'model_state_dict' or 'model' is found, and the prefixes 'module.' and
// '_orig_mod.' of wrapped models are removed. Tensors may share memory and be strided. The file is read as
// data and treated as hostile: nothing that it names is run, every size is checked against the file before
// anything is allocated. Throws CheckpointError naming the file, what is wrong with it, and what to do.
std::map<std::string, torch::Tensor> read_pytorch_state(const std::filesystem::path& path);

}  // namespace actrec
