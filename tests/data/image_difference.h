#pragma once

#include <opencv2/core.hpp>

namespace actrec::testing {

// Of any sample of two images; far more than any can be where their sizes differ.
inline double largest_difference(const cv::Mat& a, const cv::Mat& b) {
  return a.size() == b.size() ? cv::norm(a, b, cv::NORM_INF) : 1e9;
}

}  // namespace actrec::testing
