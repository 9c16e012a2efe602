#pragma once

#include <vector>

#include "data/batch_source.h"
#include "data/clip_pipeline.h"

namespace actrec {

// Measured over the evaluation frames of all the clips, at least one, that `batches` gives as pixels, with
// exact integer sums: the result does not depend on the size of batches. A constant channel gets a standard
// deviation of 1/255. Throws what reading them throws, and Interrupted when the user asked to stop.
PixelStatistics measure_pixel_statistics(const std::vector<ClipRef>& clips, BatchSource& batches);

}  // namespace actrec
