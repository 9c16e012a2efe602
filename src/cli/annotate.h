#pragma once

#include <filesystem>
#include <functional>

#include "data/clip_ref.h"
#include "engine/results.h"

namespace actrec {

// Writes the video `clip` with its timeline drawn on it to `output`, an MP4 file; size, orientation, pixel
// aspect and the time of every frame are kept. `progress` hears the seconds done, and may be empty. Throws
// DataError where the video cannot be read, Error where the file cannot be written, and Interrupted when the
// user asked to stop.
void annotate_video(const ClipRef& clip, const std::vector<TimelineSegment>& timeline,
                    const std::filesystem::path& output, const std::function<void(double seconds)>& progress);

}  // namespace actrec
