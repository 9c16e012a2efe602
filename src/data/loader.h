#pragma once

#include <torch/torch.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/worker_pool.h"
#include "data/clip_pipeline.h"

namespace actrec {

struct Batch {
  torch::Tensor clips;               // uint8 [B, T, H, W, 3], RGB
  torch::Tensor labels;              // int64 [B]
  std::vector<std::size_t> indices;  // of each clip in the pass's clip list
};

struct LoaderOptions {
  int batch_size = 1;
  int workers = 0;                  // 0: the thread that calls next() does the work
  std::int64_t prefetch_bytes = 0;  // of pixels prepared ahead; at least one batch is
  bool pin_memory = false;          // for copies to CUDA devices that nobody waits for
  double timeout_seconds = 1800;    // for one clip
};

// Batches of one pass over clips after another, each in a fixed order whatever the number of workers: an
// ordered queue of batches whose clips are filled in, in place, by a pool of low-priority threads. Threads
// and batch memory are kept from pass to pass; the memory of a batch is used again once its `clips` tensor is
// released. Not for sharing between threads. Destroying the loader or starting another pass at any time ends
// the current one cleanly.
class Loader {
 public:
  // Clips need a fixed length: not for Sampling::all.
  Loader(std::shared_ptr<ClipPipeline> pipeline, const LoaderOptions& options);
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  // Begins a pass, and preparing its first batches; `clips` must not be empty and must outlive the pass.
  // Evaluation: the clips in their order, not augmented. Training: shuffled and augmented as (seed, epoch)
  // says. The last batch may be smaller.
  void start_evaluation(const std::vector<ClipRef>& clips);
  void start_training(const std::vector<ClipRef>& clips, std::uint64_t seed, int epoch);

  std::size_t batches() const;  // of the pass
  // The next batch, or one with an undefined `clips` after the last. Throws what preparing it threw when the
  // batch is due, and DataError naming the file when a clip has taken longer than the timeout: the thread
  // that hangs in it is then left behind, and the loader cannot be used further.
  Batch next();
  // Seconds of this pass that next() has spent waiting (with workers) or working (without).
  double wait_seconds() const;

 private:
  struct Pass;
  struct PendingBatch;
  void start(std::shared_ptr<Pass> pass);
  void schedule();
  std::shared_ptr<PendingBatch> open_batch();
  torch::Tensor take_buffer();
  void wait_for(PendingBatch& pending);

  std::shared_ptr<ClipPipeline> pipeline_;
  LoaderOptions options_;
  std::vector<torch::Tensor> buffers_;  // uint8 [batch_size, T, H, W, 3]; free when nobody else refers to one
  std::shared_ptr<Pass> pass_;
  double wait_seconds_ = 0;
  std::unique_ptr<WorkerPool> pool_;
};

}  // namespace actrec
