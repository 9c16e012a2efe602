#include "report/drawing.h"

#include <array>
#include <cmath>

namespace actrec {

std::string printable(const std::string& text) {
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0) == 0x80) continue;  // goes with the character before
    result += byte >= 0x20 && byte < 0x7F ? c : '?';
  }
  return result;
}

cv::Scalar label_color(std::size_t number) {
  static const std::array<cv::Scalar, 8> kColors{cv::Scalar(230, 159, 0),   cv::Scalar(86, 180, 233),
                                                 cv::Scalar(0, 158, 115),   cv::Scalar(240, 228, 66),
                                                 cv::Scalar(204, 121, 167), cv::Scalar(213, 94, 0),
                                                 cv::Scalar(0, 114, 178),   cv::Scalar(160, 210, 130)};
  return kColors[number % kColors.size()] * std::pow(0.7, static_cast<double>(number / kColors.size()));
}

}  // namespace actrec
