#include "report/image_text.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>

namespace actrec {
namespace {

std::string ascii(const std::string& text) {
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0) == 0x80) continue;  // the rest of a character
    result += byte < 0x20 || byte > 0x7E ? '?' : c;
  }
  return result;
}

}  // namespace

cv::Mat text_image(const std::string& text, int height, const cv::Scalar& ink, const cv::Scalar& background) {
  // Drawn larger and reduced, which leaves clearer letters than the font has at its smallest.
  constexpr int kEnlarged = 4, kFont = cv::FONT_HERSHEY_SIMPLEX;
  const std::string shown = ascii(text);
  const double scale = cv::getFontScaleFromHeight(kFont, height * kEnlarged * 7 / 10, kEnlarged);
  int baseline = 0;
  const cv::Size size = cv::getTextSize(shown, kFont, scale, kEnlarged, &baseline);
  const int width = std::max(1, (size.width + kEnlarged - 1) / kEnlarged);
  cv::Mat large((height + 2) * kEnlarged, width * kEnlarged, CV_8UC3, background);
  cv::putText(large, shown, {0, height * kEnlarged * 8 / 10}, kFont, scale, ink, kEnlarged, cv::LINE_AA);
  cv::Mat result;
  cv::resize(large, result, {width, height + 2}, 0, 0, cv::INTER_AREA);
  return result;
}

}  // namespace actrec
