#pragma once

#include <cstdint>
#include <vector>

#include "engine/results.h"

// Plain results of classifying a stream: no tensors.

namespace actrec {

struct StreamDecision {
  std::int64_t frame = 0;             // of the stream, from 0
  double time_seconds = 0;            // of that frame, from the first one's
  std::vector<LabelProbability> top;  // most probable first
  double latency_seconds = 0;         // since the frame was received
  std::int64_t dropped = 0;           // images so far that came too late
};

struct StreamSummary {
  std::int64_t frames = 0;                  // received
  std::int64_t decisions = 0, dropped = 0;  // images classified, and images lost
  double latency_sum = 0, latency_max = 0;  // seconds, of the decisions
  double video_seconds = 0, seconds = 0;    // of the stream, and of work
  bool interrupted = false;                 // by the user
};

}  // namespace actrec
