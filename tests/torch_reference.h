#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <stdexcept>
#include <string>

#include "core/text.h"
#include "models/safetensors.h"
#include "temporary_directory.h"

namespace actrec {

// What PyTorch's Python package computes in tests/reference/torch_reference.py: made once per test program.
// Without Python's torch, tensors is empty and tests that need it skip; any other failure fails them.
inline const TensorFile& torch_reference() {
  static const TensorFile kReference = [] {
    TemporaryDirectory directory;
    const auto path = directory / "reference.safetensors";
    const auto errors = directory / "errors";
    const std::string command = "/usr/bin/python3 " ACTREC_SOURCE_DIR "/tests/reference/torch_reference.py " +
                                path.string() + " 2>" + errors.string();
    if (std::system(command.c_str()) == 0) return read_safetensors(path);
    if (std::system("/usr/bin/python3 -c 'import torch' 2>/dev/null") != 0) return TensorFile();
    throw std::runtime_error("torch_reference.py failed:\n" + read_file(errors));
  }();
  return kReference;
}

// Copies the reference's parameters PREFIX + NAME into the module's parameters NAME.
inline void load_reference(torch::nn::Module& module, const std::string& prefix) {
  torch::NoGradGuard no_grad;
  for (auto& parameter : module.named_parameters()) {
    const torch::Tensor& value = torch_reference().tensors.at(prefix + parameter.key());
    ASSERT_EQ(value.sizes(), parameter.value().sizes()) << parameter.key();
    parameter.value().copy_(value);
  }
}

inline torch::Tensor reference_tensor(const std::string& name) { return torch_reference().tensors.at(name); }

// Largest absolute difference.
inline double max_difference(const torch::Tensor& a, const torch::Tensor& b) {
  return (a.to(torch::kFloat64) - b.to(torch::kFloat64)).abs().max().item<double>();
}

#define ACTREC_NEED_TORCH_REFERENCE() \
  if (torch_reference().tensors.empty()) GTEST_SKIP() << "python3-torch is not installed"

}  // namespace actrec
