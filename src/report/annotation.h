#pragma once

#include <map>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "engine/results.h"

namespace actrec {

// Draws a timeline on the frames of its video, over their lower edge: the label and its probability in
// numbers, a bar as long as the probability, and a strip of the whole timeline, a colour for each label, with
// a mark at the frame's time. Sizes follow the frame's. OpenCV's fonts have ASCII only; other characters
// become '?'.
class TimelineAnnotation {
 public:
  // `duration_seconds`, above 0: where the timeline ends.
  TimelineAnnotation(std::vector<TimelineSegment> timeline, double duration_seconds);

  // `frame`: uint8 RGB [height, width, 3], at a time from 0 on.
  void draw(cv::Mat& frame, double time_seconds) const;

 private:
  const TimelineSegment& segment_at(double seconds) const;
  void draw_text(cv::Mat& frame, const TimelineSegment& segment, int top, int height) const;
  void draw_strip(cv::Mat& frame, double time_seconds, int top, int height) const;

  std::vector<TimelineSegment> timeline_;
  double duration_;
  std::map<std::string, cv::Scalar> colors_;  // RGB, by label
};

}  // namespace actrec
