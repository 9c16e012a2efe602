#pragma once

#include <torch/torch.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "data/clip_ref.h"
#include "data/pending_changes.h"

namespace actrec {

struct Batch {
  // uint8 RGB [B, T, H, W, 3], or float16 frame features [B, T, D]; with `changes`, frames for
  // make_changes().
  torch::Tensor clips;
  torch::Tensor labels;                        // int64 [B]
  std::vector<std::size_t> indices;            // of each clip in the pass's clip list
  std::optional<PendingChanges> changes = {};  // of training clips
};

// The clips as the network takes them, on the device.
torch::Tensor network_input(const Batch& batch, const torch::Device& device);

// The part that one of several processes has in each batch: the clips of a batch are divided among them in
// order, as equally as they can be.
struct Shard {
  int index = 0, count = 1;

  // The first of `total` things that belongs to the shard; one past its last is the first of the next.
  std::size_t begin(std::size_t total) const {
    return total * static_cast<std::size_t>(index) / static_cast<std::size_t>(count);
  }
  std::size_t end(std::size_t total) const { return Shard{index + 1, count}.begin(total); }
};

// The clips of a list that belong to the shard, in their order.
std::vector<ClipRef> part_of(const std::vector<ClipRef>& clips, const Shard& shard);

// A batch without clips.
Batch empty_batch();

// Batches of one pass over clips after another, each in a fixed order. Clips that are left out because they
// cannot be read (bad_clips.h) make a batch smaller; one without any clip has `indices` of no length.
class BatchSource {
 public:
  virtual ~BatchSource() = default;

  // Begins a pass; `clips` must not be empty and must outlive the pass. Evaluation: the clips in their order,
  // not augmented. Training: shuffled and augmented as (seed, epoch) says. The last batch may be smaller.
  virtual void start_evaluation(const std::vector<ClipRef>& clips) = 0;
  void start_training(const std::vector<ClipRef>& clips, std::uint64_t seed, int epoch) {
    resume_training(clips, seed, epoch, 0);
  }
  // A training pass from batch `first_batch` on; those before it are not prepared.
  virtual void resume_training(const std::vector<ClipRef>& clips, std::uint64_t seed, int epoch,
                               std::size_t first_batch) = 0;

  virtual std::size_t batches() const = 0;  // of the whole pass
  // The next batch, or one with an undefined `clips` after the last.
  virtual Batch next() = 0;
  // Seconds of this pass that next() has spent waiting for data, or working where it waits for nobody.
  virtual double wait_seconds() const = 0;
};

// The order in which a training epoch takes `count` clips.
std::vector<std::size_t> training_order(std::size_t count, std::uint64_t seed, int epoch);

// The clips of a training epoch that are the shard's: `batch_size` of each batch (of batch_size * shard.count
// clips), the last of which may be smaller.
struct ShardOrder {
  std::vector<std::size_t> clips;
  std::size_t batches = 0;  // of the epoch; the shard may have no clips in the last
};
ShardOrder shard_of(const std::vector<std::size_t>& order, std::size_t batch_size, const Shard& shard);

}  // namespace actrec
