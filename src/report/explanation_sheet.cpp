#include "report/explanation_sheet.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "report/drawing.h"

namespace actrec {
namespace {

constexpr int kColumns = 8, kTile = 160, kMargin = 12, kLine = 26, kChart = 220;
constexpr std::size_t kCurves = 3;
const cv::Scalar kBackground(255, 255, 255), kInk(30, 30, 30), kGrid(210, 210, 210);

void write_text(cv::Mat& sheet, const std::string& text, cv::Point at, const cv::Scalar& color,
                double scale = 0.5) {
  cv::putText(sheet, printable(text), at, cv::FONT_HERSHEY_SIMPLEX, scale, color, 1, cv::LINE_AA);
}

// The image with red where all the evidence is, yellow where half of it is.
cv::Mat with_evidence(const ExplainedFrame& frame, cv::Size size) {
  cv::Mat image, evidence;
  cv::resize(frame.image, image, size, 0, 0, cv::INTER_AREA);
  cv::resize(frame.evidence, evidence, size, 0, 0, cv::INTER_LINEAR);
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      const float e = std::clamp(evidence.at<float>(y, x), 0.0F, 1.0F), opaque = 0.7F * e;
      const cv::Vec3f heat(255, 255 * std::min(1.0F, 2 * (1 - e)), 0);
      auto& pixel = image.at<cv::Vec3b>(y, x);
      for (int c = 0; c < 3; ++c)
        pixel[c] = static_cast<std::uint8_t>(
            std::lround((1 - opaque) * static_cast<float>(pixel[c]) + opaque * heat[c]));
    }
  }
  return image;
}

void draw_curves(cv::Mat& sheet, const Explanation& explanation, const cv::Rect& area) {
  for (const double level : {0.0, 0.5, 1.0}) {
    const int y = area.y + static_cast<int>(std::lround((1 - level) * area.height));
    cv::line(sheet, {area.x, y}, {area.x + area.width, y}, kGrid);
    write_text(sheet, fmt::format("{:.1f}", level), {area.x - 32, y + 5}, kInk, 0.4);
  }
  const std::size_t steps = explanation.frames.size();
  for (std::size_t curve = std::min(kCurves, explanation.top.size()); curve-- > 0;) {
    const std::string& label = explanation.top[curve].label;
    const auto k =
        static_cast<std::size_t>(std::find(explanation.classes.begin(), explanation.classes.end(), label) -
                                 explanation.classes.begin());
    const cv::Scalar color = label_color(curve);
    cv::Point last;
    for (std::size_t i = 0; i < steps; ++i) {
      const double x = steps > 1 ? static_cast<double>(i) / static_cast<double>(steps - 1) : 0.5;
      const cv::Point point(
          area.x + static_cast<int>(std::lround(x * area.width)),
          area.y + static_cast<int>(std::lround((1 - explanation.frames[i].probabilities[k]) * area.height)));
      if (i > 0) cv::line(sheet, last, point, color, 2, cv::LINE_AA);
      cv::circle(sheet, point, 3, color, cv::FILLED, cv::LINE_AA);
      last = point;
    }
    write_text(sheet, fmt::format("{}  {:.3f}", label, explanation.top[curve].probability),
               {area.x + 8, area.y + area.height + kLine * (static_cast<int>(curve) + 1)}, color);
  }
}

}  // namespace

cv::Mat explanation_sheet(const Explanation& explanation) {
  const int count = static_cast<int>(explanation.frames.size());
  const int columns = std::min(count, kColumns), rows = (count + columns - 1) / columns;
  const cv::Mat& first = explanation.frames.front().image;
  const cv::Size tile(kTile, std::max(1, kTile * first.rows / first.cols));
  const int width = std::max(columns * (tile.width + kMargin) + kMargin, 500);
  const int top = 2 * kLine + kMargin, below = top + rows * (tile.height + kLine);
  const int height = below + kLine + 4 + kChart + (static_cast<int>(kCurves) + 1) * kLine;
  cv::Mat sheet(height, width, CV_8UC3, kBackground);
  const LabelProbability& best = explanation.top.front();
  write_text(sheet, explanation.input, {kMargin, kLine - 4}, kInk);
  write_text(sheet,
             fmt::format("{}  {:.3f}: where its evidence lies, and each frame's share", best.label,
                         best.probability),
             {kMargin, 2 * kLine - 4}, kInk);
  for (int i = 0; i < count; ++i) {
    const ExplainedFrame& frame = explanation.frames[static_cast<std::size_t>(i)];
    const cv::Point at(kMargin + i % columns * (tile.width + kMargin),
                       top + i / columns * (tile.height + kLine));
    with_evidence(frame, tile).copyTo(sheet(cv::Rect(at, tile)));
    write_text(sheet, fmt::format("{}: {:.0f}%", i + 1, 100 * frame.share), {at.x, at.y + tile.height + 17},
               kInk);
  }
  write_text(sheet, "probability after each frame", {kMargin, below + kLine - 16}, kInk);
  draw_curves(sheet, explanation, {kMargin + 36, below + kLine + 4, width - 2 * kMargin - 50, kChart});
  return sheet;
}

}  // namespace actrec
