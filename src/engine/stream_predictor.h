#pragma once

#include <functional>
#include <memory>

#include "data/video_reader.h"
#include "engine/checkpoint.h"
#include "engine/stream_results.h"

namespace actrec {

struct StreamOptions {
  bool drop_late = false;     // frames that come while the last ones still wait are lost, as with a camera
  double window_seconds = 0;  // of which clip.frames are taken; 0: as long as the clips of the training
  int top_k = 1;
};

// Classifies a video while it comes. The LSTM or GRU reads frame after frame and keeps its state, so each
// frame is encoded once and its decision is there at once. Frames are taken as far apart as in training: with
// segment sampling, the window's length divided by clip.frames; with dense sampling, clip.stride frames; with
// `all`, every one. With pool `last`, a decision is that of prediction with Sampling::all on all frames taken
// so far; the other pools, and the mean head, sum up the outputs of the last clip.frames steps, which is the
// same for the first clip.frames of them. Only the plain view is used. `on_decision` is called in the thread
// of the caller. Throws ConfigError for a head that reads backwards as well, and what `video` throws.
StreamSummary predict_stream(const Checkpoint& checkpoint, std::unique_ptr<VideoReader> video,
                             const StreamOptions& options,
                             const std::function<void(const StreamDecision&)>& on_decision);

}  // namespace actrec
