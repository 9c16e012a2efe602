// State dicts of torch.save: zip or legacy, pickles, storages and strides.

#include "core/error.h"
#include "fuzz_input.h"
#include "models/pytorch_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const actrec::testing::InputFile file(data, size);
  try {
    if (actrec::pytorch_file_kind(file.path()) == actrec::PytorchFileKind::state_dict)
      actrec::read_pytorch_state(file.path());
  } catch (const actrec::CheckpointError&) {
  }
  return 0;
}
