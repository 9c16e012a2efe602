#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "core/worker_pool.h"
#include "data/clip_pipeline.h"
#include "data/input_list.h"

namespace actrec {

struct LoadedClip {
  torch::Tensor pixels;  // uint8 RGB [views, T, H, W, 3]
  std::string error;     // why there are none; empty: there are
};

// The test views of clips (ClipPipeline::test_views), loaded ahead by a pool of low-priority threads and
// taken in order. Unlike a Loader, it goes on after a clip that cannot be read. Not for sharing between
// threads.
class PixelQueue {
 public:
  // `inputs` must outlive the queue. About `prefetch_bytes` of pixels are loaded ahead, at least one clip;
  // with no workers, next() waits for the work. A clip that takes longer than `timeout_seconds` cannot be
  // read.
  PixelQueue(std::shared_ptr<ClipPipeline> pipeline, const std::vector<InputClip>& inputs, int workers,
             std::int64_t prefetch_bytes, double timeout_seconds);

  // The next input's clip; there must be one left. Throws what loading threw if that is no DataError.
  LoadedClip next();

 private:
  struct Slot;
  void schedule();

  std::shared_ptr<ClipPipeline> pipeline_;
  const std::vector<InputClip>& inputs_;
  std::size_t depth_;
  double timeout_seconds_;
  std::size_t scheduled_ = 0;
  std::deque<std::shared_ptr<Slot>> slots_;
  std::unique_ptr<WorkerPool> pool_;
};

}  // namespace actrec
