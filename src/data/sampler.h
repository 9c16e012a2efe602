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

// The temporal clip `index` of `count`, with 0 <= index < count.
struct TemporalClip {
  int index = 0;
  int count = 1;
};

// The frames of one of several choices for evaluation that are spread evenly over the clip, as multi-clip
// testing averages them (Wang et al., "Non-local Neural Networks", CVPR 2018; Feichtenhofer et al.,
// "SlowFast Networks", ICCV 2019). Each segment (segment sampling), or the range of where a window may start
// (dense), is divided into `count` equal parts, and the centre of part `index` is taken. The only one of 1 is
// what sample_frames() gives for evaluation; with Sampling::all every one is. Errors as above.
std::vector<std::int64_t> sample_temporal_clip(std::int64_t frame_count, const ClipSettings& settings,
                                               const TemporalClip& temporal_clip,
                                               const std::string& clip_name);

}  // namespace actrec
