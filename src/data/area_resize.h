#pragma once

#include <opencv2/core.hpp>

namespace actrec {

// Makes an image (uint8 [h, w, 3]) smaller by averaging over the area that each new pixel covers, as
// cv::resize with INTER_AREA does (within one level), several times faster. `size` is at least 1x1 and at
// most the image's size.
cv::Mat reduce_by_area(const cv::Mat& image, cv::Size size);

// The size of a frame reduced until its short side is `short_side` pixels; its own where it is not larger.
// Throws DataError for a frame so long that it could not be warped.
cv::Size reduced_size(cv::Size frame, int short_side);

// The frame reduced to that size by area averaging; a copy where it is not larger.
cv::Mat reduce_frame(const cv::Mat& frame, int short_side);

}  // namespace actrec
