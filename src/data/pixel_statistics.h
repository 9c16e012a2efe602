#pragma once

#include <vector>

#include "data/clip_pipeline.h"

namespace actrec {

// Measured over the evaluation frames of all the clips, at least one, with exact integer sums, on `threads`
// threads: the result does not depend on their number. A constant channel gets a standard deviation of
// 1/255. Clips that cannot be read go to pipeline.bad_clips(), which leaves them out or throws. Throws
// Interrupted when the user asked to stop.
PixelStatistics measure_pixel_statistics(const std::vector<ClipRef>& clips, ClipPipeline& pipeline,
                                         int threads);

}  // namespace actrec
