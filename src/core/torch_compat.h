#pragma once

#include <torch/torch.h>
#include <torch/version.h>

#include <string>

// The place for what differs between LibTorch versions; today, the version's name.

namespace actrec {

inline std::string torch_version() {
  return std::to_string(TORCH_VERSION_MAJOR) + "." + std::to_string(TORCH_VERSION_MINOR) + "." +
         std::to_string(TORCH_VERSION_PATCH);
}

}  // namespace actrec
