#include "report/confusion_image.h"

#include <algorithm>
#include <numeric>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "report/image_text.h"

namespace actrec {
namespace {

constexpr std::size_t kMostWithNumbers = 40;
constexpr int kMargin = 16;
const cv::Scalar kWhite(255, 255, 255), kInk(33, 30, 28), kGrid(232, 234, 234);  // BGR
const cv::Scalar kRight(174, 95, 31), kWrong(29, 85, 196);

// `strength` 0 to 1 of the colour on white.
cv::Scalar tint(const cv::Scalar& colour, double strength) {
  return kWhite * (1 - strength) + colour * strength;
}

// A cell's side in pixels: room for numbers, and for 101 classes a picture that a screen can show.
int cell_side(std::size_t classes) {
  if (classes <= 12) return 56;
  return classes <= kMostWithNumbers ? 36 : 18;
}

}  // namespace

std::string confusion_png(const EvaluationResult& result) {
  const std::size_t classes = result.classes.size();
  const int cell = cell_side(classes), text_height = std::min(14, cell - 6);
  std::vector<cv::Mat> names;
  int label_width = 0;
  for (const std::string& name : result.classes) {
    names.push_back(text_image(name, text_height, kInk, kWhite));
    label_width = std::max(label_width, names.back().cols);
  }
  const int origin = kMargin + label_width + 8, side = cell * static_cast<int>(classes);
  cv::Mat image(origin + side + kMargin, origin + side + kMargin, CV_8UC3, kWhite);
  cv::rectangle(image, {origin, origin, side, side}, kGrid, cv::FILLED);
  for (std::size_t row = 0; row < classes; ++row) {
    const int start = origin + static_cast<int>(row) * cell;
    const int inset = (cell - names[row].rows) / 2;
    names[row].copyTo(image({origin - 8 - names[row].cols, start + inset, names[row].cols, names[row].rows}));
    cv::Mat upright;
    cv::rotate(names[row], upright, cv::ROTATE_90_COUNTERCLOCKWISE);
    upright.copyTo(image({start + inset, origin - 8 - upright.rows, upright.cols, upright.rows}));

    const auto& counts = result.confusion[row];
    const auto support = std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
    for (std::size_t column = 0; column < classes; ++column) {
      if (counts[column] == 0) continue;
      const cv::Rect box(origin + static_cast<int>(column) * cell, start, cell - 1, cell - 1);
      const double share = static_cast<double>(counts[column]) / static_cast<double>(support);
      const cv::Scalar colour = tint(row == column ? kRight : kWrong, 0.15 + 0.85 * share);
      cv::rectangle(image, box, colour, cv::FILLED);
      if (classes > kMostWithNumbers) continue;
      const cv::Mat number =
          text_image(std::to_string(counts[column]), text_height, share > 0.5 ? kWhite : kInk, colour);
      if (number.cols > box.width) continue;
      number.copyTo(image({box.x + (box.width - number.cols) / 2, box.y + (box.height - number.rows) / 2,
                           number.cols, number.rows}));
    }
  }
  std::vector<std::uint8_t> png;
  cv::imencode(".png", image, png);
  return {png.begin(), png.end()};
}

}  // namespace actrec
