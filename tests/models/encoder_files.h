#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <string>

#include "models/encoder.h"
#include "models/safetensors.h"

namespace actrec {

// Real weights, beside the repository where it is checked out with them.
inline std::filesystem::path shared_weights() { return ACTREC_SOURCE_DIR "/../shared/weights"; }

// Copies the file's tensors into the encoder by name; every parameter and statistic has to be there in its
// shape. `unused` takes the names that the encoder does not have.
inline void load_tensors(Encoder& encoder, const TensorFile& file, std::set<std::string>& unused) {
  torch::NoGradGuard no_grad;
  for (const auto& item : file.tensors) unused.insert(item.first);
  auto tensors = encoder.named_parameters();
  for (const auto& buffer : encoder.named_buffers()) {
    if (buffer.key().find("num_batches_tracked") == std::string::npos) {
      tensors.insert(buffer.key(), buffer.value());
    }
  }
  for (auto& item : tensors) {
    SCOPED_TRACE(item.key());
    ASSERT_EQ(unused.erase(item.key()), 1U);
    const torch::Tensor& value = file.tensors.at(item.key());
    ASSERT_EQ(value.sizes(), item.value().sizes());
    item.value().copy_(value);
  }
}

}  // namespace actrec
