#pragma once

#include <torch/torch.h>

#include <cstddef>
#include <deque>
#include <memory>
#include <vector>

#include "core/worker_pool.h"
#include "data/clip_pipeline.h"

namespace actrec {

struct Batch {
  torch::Tensor clips;               // uint8 [B, T, H, W, 3], RGB
  torch::Tensor labels;              // int64 [B]
  std::vector<std::size_t> indices;  // of each clip in the loader's clip list
};

// Which clips, in which order, prepared how.
struct LoaderOptions {
  int batch_size = 1;
  int workers = 0;   // 0: the thread that calls next() does the work
  int prefetch = 1;  // batches prepared ahead
  bool pin_memory = false;
};

// Batches of one pass over clips, in a fixed order whatever the number of workers: an ordered queue of
// batches whose clips are filled in by a pool of low-priority threads. An error in a worker reaches the
// caller of next() when its batch is due. Destroying the loader at any time stops it cleanly.
class Loader {
 public:
  // Evaluation: the clips in their order, not augmented; the last batch may be smaller.
  static Loader evaluation(const std::vector<ClipRef>& clips, ClipPipeline& pipeline,
                           const LoaderOptions& options);
  // Training: shuffled and augmented as (seed, epoch) says.
  static Loader training(const std::vector<ClipRef>& clips, ClipPipeline& pipeline,
                         const LoaderOptions& options, std::uint64_t seed, int epoch);
  ~Loader();
  Loader(Loader&&) noexcept;
  Loader& operator=(Loader&&) noexcept;

  std::size_t batches() const;
  // The next batch, or one with an undefined `clips` after the last. Throws what preparing it threw.
  Batch next();
  // Seconds that next() has spent waiting (with workers) or working (without).
  double wait_seconds() const;

 private:
  struct State;
  explicit Loader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace actrec
