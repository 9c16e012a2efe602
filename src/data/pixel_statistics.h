#pragma once

#include <vector>

#include "data/clip_pipeline.h"

namespace actrec {

// Measured over the evaluation frames of all the clips, at least one, with exact integer sums, on `threads`
// threads: the result does not depend on their number. A constant channel gets a standard deviation of
// 1/255. Throws what ClipPipeline::load() throws, and Interrupted.
PixelStatistics measure_pixel_statistics(const std::vector<ClipRef>& clips, ClipPipeline& pipeline,
                                         int threads);

}  // namespace actrec
