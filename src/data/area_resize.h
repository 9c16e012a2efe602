#pragma once

#include <opencv2/core.hpp>

namespace actrec {

// Makes an image (uint8 [h, w, 3]) smaller by averaging over the area that each new pixel covers, as
// cv::resize with INTER_AREA does (within one level), several times faster. `size` is at least 1x1 and at
// most the image's size.
cv::Mat reduce_by_area(const cv::Mat& image, cv::Size size);

}  // namespace actrec
