#pragma once

#include <torch/torch.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/worker_pool.h"
#include "data/batch_source.h"
#include "data/clip_pipeline.h"
#include "data/unchanged_frames.h"

namespace actrec {

struct LoaderOptions {
  int batch_size = 1;
  int workers = 0;                  // 0: nothing is prepared ahead, and next() waits for its batch
  std::int64_t prefetch_bytes = 0;  // of pixels prepared ahead; at least one batch is
  bool pin_memory = false;          // for copies to CUDA devices that nobody waits for
  double timeout_seconds = 1800;    // for one clip
  int views = 0;                    // of a training clip, drawn in turn; 0: a new one in every epoch
  Shard shard{};                    // of training passes, for one of several processes
  bool change_later = false;        // leave random changes to make_changes(), in batches of resume_training()
};

// Batches of pixels, the same whatever the number of workers: an ordered queue of batches whose clips are
// filled in, in place, by a pool of low-priority threads. (With 0 workers by one thread of normal priority:
// who waits for it can leave it when it hangs.) Threads and batch memory are kept from pass to pass; the
// memory of a batch is used again once its `clips` tensor is released. Not for sharing between threads.
// Destroying the loader or starting another pass at any time ends the current one cleanly.
class Loader : public BatchSource {
 public:
  // Clips need a fixed length: not for Sampling::all.
  Loader(std::shared_ptr<ClipPipeline> pipeline, const LoaderOptions& options);
  ~Loader() override;
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  // Starting a pass also begins preparing its first batches, where there are workers.
  void start_evaluation(const std::vector<ClipRef>& clips) override;
  void resume_training(const std::vector<ClipRef>& clips, std::uint64_t seed, int epoch,
                       std::size_t first_batch) override;
  // Evaluation in one of ClipPipeline::test_views().
  void start_test_view(const std::vector<ClipRef>& clips, int number);
  int test_views() const { return pipeline_->test_views(); }
  // Training clips in view `view`, in their order: what start_training() gives in epochs that show this view.
  void start_view(const std::vector<ClipRef>& clips, int view);

  BadClips& bad_clips() { return pipeline_->bad_clips(); }
  std::size_t batches() const override;
  // Clips that cannot be read, and those that take longer than the timeout, are bad when their batch is due:
  // pipeline->bad_clips() leaves them out of it or throws. The thread that hangs in a clip is left behind;
  // after an error, the loader cannot be used further. Throws what else preparing the batch threw.
  Batch next() override;
  double wait_seconds() const override;

 private:
  struct Pass;
  struct PendingBatch;
  void start(std::shared_ptr<Pass> pass);
  void schedule(std::size_t depth);
  void prepare_ahead();
  std::shared_ptr<PendingBatch> open_batch();
  torch::Tensor take_buffer();
  std::array<std::int64_t, 4> clip_shape() const;
  void wait_for(PendingBatch& pending);
  void make_room(const std::vector<UnchangedFrames>& clips, Batch& batch);
  Batch finish(PendingBatch& pending);

  std::shared_ptr<ClipPipeline> pipeline_;
  LoaderOptions options_;
  std::vector<torch::Tensor> buffers_;  // of batch_size clips; free when nobody else refers to one
  cv::Size largest_frame_;              // of the unchanged frames of all batches so far
  std::shared_ptr<Pass> pass_;
  double wait_seconds_ = 0;
  WorkerPool pool_;
};

}  // namespace actrec
