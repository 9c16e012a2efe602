#include "data/color_jitter.h"

#include <cmath>

namespace actrec {
namespace {

cv::Matx34f affine(const cv::Matx33d& linear, double offset) {
  cv::Matx34f matrix;
  for (int row = 0; row < 3; ++row) {
    for (int column = 0; column < 3; ++column) matrix(row, column) = static_cast<float>(linear(row, column));
    matrix(row, 3) = static_cast<float>(offset);
  }
  return matrix;
}

// Rec. 601 luma in every row.
const cv::Matx33d kLuma{0.299, 0.587, 0.114, 0.299, 0.587, 0.114, 0.299, 0.587, 0.114};

}  // namespace

cv::Matx34f brightness_matrix(double factor) { return affine(cv::Matx33d::eye() * factor, 0); }

cv::Matx34f contrast_matrix(double factor) {
  return affine(cv::Matx33d::eye() * factor, 127.5 * (1 - factor));
}

cv::Matx34f saturation_matrix(double factor) {
  return affine(cv::Matx33d::eye() * factor + kLuma * (1 - factor), 0);
}

cv::Matx34f hue_matrix(double turns) {
  if (turns == 0) return affine(cv::Matx33d::eye(), 0);
  const double angle = 2 * CV_PI * turns;
  const double c = std::cos(angle), s = std::sin(angle);
  const cv::Matx33d to_yiq{0.299,     0.587,    0.114,     0.595716, -0.274453,
                           -0.321263, 0.211456, -0.522591, 0.311135};
  const cv::Matx33d turn{1, 0, 0, 0, c, -s, 0, s, c};
  return affine(to_yiq.inv() * turn * to_yiq, 0);
}

cv::Matx34f compose_color(const cv::Matx34f& first, const cv::Matx34f& second) {
  const cv::Matx44f last_row{
      first(0, 0), first(0, 1), first(0, 2), first(0, 3), first(1, 0), first(1, 1), first(1, 2), first(1, 3),
      first(2, 0), first(2, 1), first(2, 2), first(2, 3), 0,           0,           0,           1};
  return second * last_row;
}

}  // namespace actrec
