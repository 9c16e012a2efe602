#pragma once

#include <vector>

#include "data/clip_facts.h"
#include "engine/check_result.h"

namespace actrec {

struct MeasuredClip {
  const ClipRef* clip = nullptr;
  const ClipFacts* facts = nullptr;
};

// Clips whose number of frames, size, shape or frame rate is far from the median: by more than a factor (4 in
// length, 2.5 in area, 1.5 in aspect ratio and rate) and more than five deviations of the logarithm,
// estimated by the median absolute deviation. And clips of which much less can be decoded than their header
// claims. Needs five clips at least; `clips` are those that can be decoded.
std::vector<OddClip> find_odd_clips(const std::vector<MeasuredClip>& clips);

}  // namespace actrec
