#pragma once

#include <torch/torch.h>

#include <filesystem>
#include <map>
#include <string>

namespace actrec {

// The content of a safetensors file: named tensors and text metadata.
struct TensorFile {
  std::map<std::string, torch::Tensor> tensors;
  std::map<std::string, std::string> metadata;
};

// Writes atomically (complete or not at all). Tensors are stored contiguous from the CPU; dtypes float32,
// float16, bfloat16, float64, int64, int32, int16, int8, uint8 and bool. Throws Error when the disk refuses.
void write_safetensors(const std::filesystem::path& path, const TensorFile& content);

// Reads a file that nobody vouches for: every offset, shape and size is checked against the file before
// anything is allocated. Throws CheckpointError naming the file and what is wrong with it.
TensorFile read_safetensors(const std::filesystem::path& path);

}  // namespace actrec
