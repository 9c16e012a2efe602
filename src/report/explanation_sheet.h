#pragma once

#include <opencv2/core.hpp>

#include "engine/explanation.h"

namespace actrec {

// An explanation as a picture, uint8 RGB: the frames in order, with the evidence over them from transparent
// to yellow and red and each frame's share of it below, and the probabilities of the three most probable
// classes after each frame as curves. OpenCV's fonts have ASCII only; other characters become '?'.
cv::Mat explanation_sheet(const Explanation& explanation);

}  // namespace actrec
