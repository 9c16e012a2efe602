#pragma once

#include <torch/torch.h>

#include "config/settings.h"
#include "engine/process_group.h"

namespace actrec {

// What settings.train.memory_format stands for, never `automatic`. `auto` runs the encoder forward and
// backward in both formats, in train.precision, on a few frames (a second or less), and takes channels_last
// unless contiguous is clearly faster: which one is differs with the encoder, LibTorch and the processor. The
// outcome is logged, and remembered in the user's cache directory, so that two runs on a machine do not
// differ by rounding. Uses LibTorch's random numbers.
MemoryFormat choose_memory_format(const Settings& settings, const torch::Device& device);
// The choice of rank 0, for all of its group.
MemoryFormat choose_memory_format(const Settings& settings, const torch::Device& device, ProcessGroup& group);

}  // namespace actrec
