#include "report/annotation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "report/drawing.h"

namespace actrec {
namespace {

const cv::Scalar kUnknownColor(128, 128, 128), kTrackColor(70, 70, 70), kWhite(255, 255, 255);
constexpr int kFont = cv::FONT_HERSHEY_SIMPLEX;

}  // namespace

TimelineAnnotation::TimelineAnnotation(std::vector<TimelineSegment> timeline, double duration_seconds)
    : timeline_(std::move(timeline)), duration_(duration_seconds) {
  std::size_t known = 0;
  for (const TimelineSegment& segment : timeline_) {
    if (colors_.count(segment.label) > 0) continue;
    colors_[segment.label] = segment.label == kUnknownLabel ? kUnknownColor : label_color(known++);
  }
}

const TimelineSegment& TimelineAnnotation::segment_at(double seconds) const {
  const auto after = std::upper_bound(
      timeline_.begin(), timeline_.end(), seconds,
      [](double time, const TimelineSegment& segment) { return time < segment.begin_seconds; });
  return after == timeline_.begin() ? timeline_.front() : *(after - 1);
}

void TimelineAnnotation::draw(cv::Mat& frame, double time_seconds) const {
  const int unit = std::clamp(std::min(frame.cols, frame.rows) / 20, 5, 60);  // height of capital letters
  const int band = std::min(frame.rows, 4 * unit);
  const int top = frame.rows - band;
  cv::Mat area = frame.rowRange(top, frame.rows);
  area.convertTo(area, -1, 0.35);  // darker, so that white reads on any picture
  const TimelineSegment& segment = segment_at(time_seconds);
  draw_text(frame, segment, top + unit / 2, unit);
  const cv::Rect track(unit / 2, top + 2 * unit, std::max(1, frame.cols - unit), std::max(2, unit / 2));
  cv::rectangle(frame, track, kTrackColor, cv::FILLED);
  cv::Rect bar = track;
  bar.width = std::max(1, static_cast<int>(std::lround(track.width * segment.probability)));
  cv::rectangle(frame, bar, colors_.at(segment.label), cv::FILLED);
  draw_strip(frame, time_seconds, top + 3 * unit, band - 3 * unit);
}

void TimelineAnnotation::draw_text(cv::Mat& frame, const TimelineSegment& segment, int top,
                                   int height) const {
  const std::string text = fmt::format("{}  {:.0f}%", printable(segment.label), 100 * segment.probability);
  int below = 0;
  const cv::Size at_one = cv::getTextSize(text, kFont, 1, 1, &below);
  const double fitting = static_cast<double>(frame.cols - height) / at_one.width;
  const double scale = std::min(static_cast<double>(height) / at_one.height, fitting);
  if (scale <= 0) return;
  const int thickness = std::max(1, static_cast<int>(std::lround(scale * 1.5)));
  cv::putText(frame, text, {height / 2, top + height}, kFont, scale, kWhite, thickness, cv::LINE_AA);
}

void TimelineAnnotation::draw_strip(cv::Mat& frame, double time_seconds, int top, int height) const {
  if (height <= 0) return;
  const auto column = [&](double seconds) {
    return std::clamp(static_cast<int>(std::lround(frame.cols * seconds / duration_)), 0, frame.cols);
  };
  for (const TimelineSegment& segment : timeline_) {
    const int begin = column(segment.begin_seconds);
    const int end = std::max(begin + 1, column(segment.end_seconds));
    cv::rectangle(frame, cv::Rect(begin, top, end - begin, height), colors_.at(segment.label), cv::FILLED);
  }
  const int mark = std::min(column(time_seconds), frame.cols - 1);
  const int width = std::max(1, height / 6);
  cv::rectangle(frame, cv::Rect(mark - width, top, 2 * width + 1, height), {0, 0, 0}, cv::FILLED);
  cv::rectangle(frame, cv::Rect(mark - width / 2, top, width, height), kWhite, cv::FILLED);
}

}  // namespace actrec
