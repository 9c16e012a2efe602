#pragma once

#include <cstddef>
#include <opencv2/core.hpp>
#include <string>

namespace actrec {

// Text as OpenCV's fonts can draw it: each character that is not ASCII becomes '?'.
std::string printable(const std::string& text);

// RGB of the label with that number, from 0. People with colour blindness can tell the first ones apart, too
// (Okabe & Ito 2008); after eight labels, the colours come again in a darker shade.
cv::Scalar label_color(std::size_t number);

}  // namespace actrec
