#pragma once

#include <opencv2/core.hpp>
#include <string>

namespace actrec {

// A line of text as an image of its size, uint8 BGR [about height, width, 3], in colours BGR. OpenCV's fonts
// know ASCII only: other characters become a question mark each.
cv::Mat text_image(const std::string& text, int height, const cv::Scalar& ink, const cv::Scalar& background);

}  // namespace actrec
