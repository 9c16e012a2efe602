#pragma once

#include <cstdint>
#include <opencv2/core.hpp>
#include <vector>

namespace actrec {

// The frames of one clip, 8-bit BGR, kFrameWidth x kFrameHeight: a pure function of the arguments.
// `performer` counts from 0 and fixes body and clothes; `action` is an index into kActions. Everything
// else (scene, camera, timing, how the movement is done) belongs to the clip. Safe to call from several
// threads.
std::vector<cv::Mat> render_clip(std::uint64_t seed, int performer, int action);

}  // namespace actrec
