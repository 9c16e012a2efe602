#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "data/clip_ref.h"

namespace actrec {

// Frames per second that a video's first frames come at. It is the header's where that agrees; in videos of
// variable frame rate, headers give anything up to the resolution of the time stamps. Throws DataError for a
// video that cannot be opened.
double nominal_frame_rate(const std::filesystem::path& video);

// The median length of clips in seconds, as headers give it, over a sample of them; 0 where none can be told.
// Goes on without files that hang.
double median_clip_seconds(const std::vector<ClipRef>& clips);

}  // namespace actrec
