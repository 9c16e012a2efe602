#pragma once

#include <torch/torch.h>

#include <memory>
#include <vector>

#include "data/loader.h"
#include "engine/feature_cache.h"
#include "engine/process_group.h"
#include "models/recogniser.h"

namespace actrec {

// Batches of frame features, for a model whose encoder is frozen: a pass first computes, with batches of
// pixels, what the cache does not have yet, and then reads features alone. Where they cannot be kept, its
// batches are the pixels. Either way the model gives the same logits. Not for sharing between threads.
class FeatureLoader : public BatchSource {
 public:
  // `pixels`, `cache` and `group` must outlive the loader; the model is on `device`. `views`: augmented views
  // of a training clip, at least 1, as in the options of `pixels`. The processes of the group compute
  // features for each other, where they share the cache's directory.
  FeatureLoader(Loader& pixels, FeatureCache& cache, std::shared_ptr<Recogniser> model,
                const torch::Device& device, int batch_size, int views, ProcessGroup& group);

  void start_evaluation(const std::vector<ClipRef>& clips) override;
  void resume_training(const std::vector<ClipRef>& clips, std::uint64_t seed, int epoch,
                       std::size_t first_batch) override;
  std::size_t batches() const override;
  Batch next() override;
  double wait_seconds() const override;

 private:
  void begin(const std::vector<ClipRef>& clips, int view);
  bool fill(const std::vector<ClipRef>& clips);
  bool is_bad(const ClipRef& clip) const { return pixels_.bad_clips().contains(clip); }
  void start_pixels(const std::vector<ClipRef>& clips);
  torch::Tensor encode(const Batch& pixels);
  torch::Tensor compute(const ClipRef& clip);

  Loader& pixels_;
  FeatureCache& cache_;
  std::shared_ptr<Recogniser> model_;
  torch::Device device_;
  std::size_t batch_size_;
  int views_;
  ProcessGroup& group_;
  bool from_pixels_ = false;  // the present pass
  const std::vector<ClipRef>* clips_ = nullptr;
  int view_ = FeatureCache::kEvaluation;
  std::vector<std::size_t> order_;
  std::size_t next_ = 0;
  std::size_t batches_ = 0, next_batch_ = 0;
  double wait_seconds_ = 0;
};

}  // namespace actrec
