#pragma once

#include <vector>

#include "config/settings.h"
#include "data/clip_pipeline.h"

namespace actrec {

// The numbers that settings.normalize stands for. `dataset` measures them over the clips (the training
// split), on `threads` threads.
PixelStatistics resolve_normalization(const Normalization& normalize, const std::vector<ClipRef>& clips,
                                      ClipPipeline& pipeline, int threads);

}  // namespace actrec
