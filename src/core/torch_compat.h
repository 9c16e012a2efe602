#pragma once

#include <torch/torch.h>
#include <torch/version.h>

#include <string>

// Everything that differs between LibTorch versions, and nothing else.

namespace actrec {

inline std::string torch_version() {
  return std::to_string(TORCH_VERSION_MAJOR) + "." + std::to_string(TORCH_VERSION_MINOR) + "." +
         std::to_string(TORCH_VERSION_PATCH);
}

}  // namespace actrec
