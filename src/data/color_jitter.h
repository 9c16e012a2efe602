#pragma once

#include <opencv2/core.hpp>

namespace actrec {

// Colour changes of RGB pixels with values 0..255 as affine maps, rgb' = M[:, :3] rgb + M[:, 3].

cv::Matx34f brightness_matrix(double factor);  // 0 is black, 1 changes nothing
cv::Matx34f contrast_matrix(double factor);    // about mid-grey 127.5; 0 is grey, 1 changes nothing
cv::Matx34f saturation_matrix(double factor);  // 0 is the Rec. 601 luma, 1 changes nothing
cv::Matx34f hue_matrix(double turns);          // turns the chrominance of YIQ; 1 is the full circle

// First `first`, then `second`.
cv::Matx34f compose_color(const cv::Matx34f& first, const cv::Matx34f& second);

}  // namespace actrec
