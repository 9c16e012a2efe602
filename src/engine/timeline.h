#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <vector>

#include "engine/results.h"

namespace actrec {

struct TimelineOptions {
  double window_seconds = 0;        // 0: as long as the clips of the training
  double stride_seconds = 0;        // 0: a quarter of the window
  double smooth_seconds = 0;        // windows whose centres lie so close around are averaged
  double min_duration_seconds = 0;  // shorter segments go to their neighbours
  double threshold = 0;             // below this probability a part is unknown
};

// Makes a timeline of the probabilities of sliding windows. Each window speaks for the time around its
// centre, up to half way to the neighbours' centres; the first and the last for the rest of the video as
// well. Windows are smoothed, labelled, and joined where neighbours agree; then segments that are too short,
// the shortest first, go to the neighbour that is longer, or to both where these have the same label. Memory
// grows with the number of windows by a few bytes each.
class TimelineBuilder {
 public:
  TimelineBuilder(std::vector<std::string> classes, const TimelineOptions& options)
      : classes_(std::move(classes)), options_(options), sums_(classes_.size(), 0) {}

  // The next window in order: the time of its centre, and its K probabilities.
  void add(double centre_seconds, std::vector<double> probabilities);
  // The segments of a video that lasts `end_seconds`; at least one window has been added.
  std::vector<TimelineSegment> finish(double end_seconds);
  // Mean probabilities of all windows.
  std::vector<double> mean() const;

 private:
  struct Smoothed {
    double centre = 0;
    std::size_t label = 0;  // the number of classes: unknown
    double probability = 0;
  };
  struct Waiting {
    double centre = 0;
    std::vector<double> probabilities;
  };
  void settle(double until);

  std::vector<std::string> classes_;
  TimelineOptions options_;
  std::vector<double> sums_;
  std::deque<Waiting> near_;   // windows that smoothing still needs
  std::size_t unsettled_ = 0;  // in `near_`, the first that is not in `smoothed_` yet
  std::vector<Smoothed> smoothed_;
};

}  // namespace actrec
