#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/settings.h"
#include "core/random.h"

namespace actrec {

// Which frames of a clip the network sees: indices 0 .. frame_count-1, sorted unless the clip is looped,
// clip.frames of them (with Sampling::all: every frame once). A pure function of its arguments.
// `random` null means evaluation: the centre frame of each segment, the centred window.
// Segment sampling: Wang et al., "Temporal Segment Networks", ECCV 2016.
// Clips that are too short follow settings.short_clips; `error` throws DataError naming `clip_name`.
std::vector<std::int64_t> sample_frames(std::int64_t frame_count, const ClipSettings& settings,
                                        KeyedRandom* random, const std::string& clip_name);

}  // namespace actrec
