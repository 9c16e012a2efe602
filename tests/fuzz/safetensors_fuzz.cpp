// Checkpoints and weight files.

#include "core/error.h"
#include "fuzz_input.h"
#include "models/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const actrec::testing::InputFile file(data, size);
  try {
    std::int64_t bytes = 0;
    const actrec::TensorFile content = actrec::read_safetensors(file.path());
    for (const auto& [name, tensor] : content.tensors) bytes += static_cast<std::int64_t>(tensor.nbytes());
    // No more is allocated than the file holds.
    if (bytes > static_cast<std::int64_t>(size)) __builtin_trap();
  } catch (const actrec::CheckpointError&) {
  }
  return 0;
}
