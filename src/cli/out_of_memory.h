#pragma once

#include <functional>
#include <string>

#include "config/settings.h"
#include "data/splits.h"
#include "engine/results.h"

namespace actrec {

// What may help where memory is short.
inline constexpr const char* kMemoryHint =
    "lower train.batch_size, clip.frames, clip.size or data.prefetch_mb";

// Whether LibTorch says so: in its own words, on the GPU and on the CPU.
bool is_about_memory(const std::string& message);
// What may help then.
std::string memory_hint(const std::string& message);

// What `training` returns. Where it runs out of memory, looks for a batch size that fits, and throws Error
// that names it.
TrainingSummary with_memory_advice(const Settings& settings, const DataSplits& splits,
                                   const std::function<TrainingSummary()>& training);

}  // namespace actrec
