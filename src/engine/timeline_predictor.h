#pragma once

#include <functional>
#include <vector>

#include "data/input_list.h"
#include "engine/checkpoint.h"
#include "engine/results.h"
#include "engine/timeline.h"

namespace actrec {

// Where a video stands: seconds done, and all of them as far as its header tells (0: it does not).
using VideoProgress = std::function<void(double seconds, double total)>;

// Says what happens when in each input, a long video: classifies sliding windows (WindowPlan), each as the
// clip that it would be if it were cut out, and makes segments of them (TimelineBuilder). Every frame is
// decoded once, and encoded once where a window sees it, whatever the overlap; memory grows by a few bytes a
// window. A video shorter than a window is one segment, with the probabilities that predict() gives. The
// plain view and, with at least two test views, its mirror image are averaged. Results are passed on as with
// predict(), whose errors it has as well; ConfigError where options.window_seconds is 0 and the checkpoint
// does not say how long its clips were.
PredictionSummary predict_timelines(const Checkpoint& checkpoint, const std::vector<InputClip>& inputs,
                                    int top_k, const TimelineOptions& options,
                                    const std::function<void(const Prediction&)>& on_prediction,
                                    const VideoProgress& progress = {});

}  // namespace actrec
