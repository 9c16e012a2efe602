#pragma once

#include <optional>
#include <vector>

#include "config/settings.h"
#include "data/batch_source.h"
#include "data/clip_pipeline.h"

namespace actrec {

// The numbers that settings.normalize stands for. `encoder` means those that came with its weights, and
// ImageNet's where there are none. `dataset` measures them over the clips (the training split), as `batches`
// gives their pixels.
PixelStatistics resolve_normalization(const Normalization& normalize,
                                      const std::optional<PixelStatistics>& of_weights,
                                      const std::vector<ClipRef>& clips, BatchSource& batches);

}  // namespace actrec
