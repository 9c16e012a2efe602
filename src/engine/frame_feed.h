#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "data/clip_pipeline.h"
#include "data/clip_time_limit.h"
#include "engine/window_plan.h"

namespace actrec {

// Images of a video that its windows see, and the windows that they make complete.
struct FeedBatch {
  torch::Tensor pixels;              // uint8 RGB [views, N, H, W, 3]; N may be 0 at the end
  std::vector<std::int64_t> frames;  // of each image, ascending over all batches
  std::vector<Window> windows;       // all their frames are in this batch and those before
  std::int64_t oldest_needed = 0;    // no later window sees a frame before this one
  std::int64_t decoded = 0;          // frames so far
  double seconds = 0;                // of the video so far; in the last batch, all of it
};

// Decodes the frames of a video once, in a low-priority thread of its own, and makes images of those that
// windows see: a few batches ahead of the consumer, so that memory does not grow with the video. Times count
// from the clip's first frame.
class FrameFeed {
 public:
  // `views` is 2 with mirror images; `threads` is for the video's codec; no batch takes longer than
  // `timeout_seconds`.
  FrameFeed(const ClipRef& clip, std::shared_ptr<ClipPipeline> pipeline, WindowPlan plan,
            double frame_seconds, int views, int threads, double timeout_seconds);

  // The next batch; nothing after the last. Throws DataError where the video cannot be read, or not within
  // the timeout, and Interrupted when the user asked to stop.
  std::optional<FeedBatch> next() { return thread_.next(); }

 private:
  class Producer;
  ClipThread<FeedBatch> thread_;
};

}  // namespace actrec
