#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <stdexcept>
#include <string>

#include "core/text.h"
#include "models/safetensors.h"
#include "temporary_directory.h"

namespace actrec {

// The file that tests/reference/SCRIPT writes with PyTorch's Python package. Without one of the Python
// modules, tensors is empty and tests that need it skip; any other failure fails them.
inline TensorFile run_reference(const std::string& script, const std::string& arguments,
                                const std::string& modules) {
  TemporaryDirectory directory;
  const auto path = directory / "reference.safetensors";
  const auto errors = directory / "errors";
  const std::string command = "/usr/bin/python3 " ACTREC_SOURCE_DIR "/tests/reference/" + script + " " +
                              path.string() + " " + arguments + " 2>" + errors.string();
  if (std::system(command.c_str()) == 0) return read_safetensors(path);
  if (std::system(("/usr/bin/python3 -c 'import " + modules + "' 2>/dev/null").c_str()) != 0)
    return TensorFile();
  throw std::runtime_error(script + " failed:\n" + read_file(errors));
}

// What tests/reference/torch_reference.py computes: made once per test program.
inline const TensorFile& torch_reference() {
  static const TensorFile kReference = run_reference("torch_reference.py", "", "torch");
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
