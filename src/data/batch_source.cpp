#include "data/batch_source.h"

#include <algorithm>
#include <numeric>

#include "core/random.h"

namespace actrec {

torch::Tensor network_input(const Batch& batch, const torch::Device& device) {
  const torch::Tensor clips = batch.clips.to(device, true);
  if (!batch.changes) return clips;
  PendingChanges changes = *batch.changes;
  changes.values = changes.values.to(device, true);
  return make_changes(clips, changes);
}

std::vector<ClipRef> part_of(const std::vector<ClipRef>& clips, const Shard& shard) {
  return {clips.begin() + static_cast<std::ptrdiff_t>(shard.begin(clips.size())),
          clips.begin() + static_cast<std::ptrdiff_t>(shard.end(clips.size()))};
}

Batch empty_batch() { return {torch::empty({0}, torch::kUInt8), torch::empty({0}, torch::kInt64), {}}; }

std::vector<std::size_t> training_order(std::size_t count, std::uint64_t seed, int epoch) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  KeyedRandom(seed, Purpose::shuffle, static_cast<std::uint32_t>(epoch)).shuffle(order);
  return order;
}

ShardOrder shard_of(const std::vector<std::size_t>& order, std::size_t batch_size, const Shard& shard) {
  ShardOrder own;
  const std::size_t whole = batch_size * static_cast<std::size_t>(shard.count);
  for (std::size_t begin = 0; begin < order.size(); begin += whole) {
    const std::size_t clips = std::min(whole, order.size() - begin);
    own.clips.insert(own.clips.end(), order.begin() + static_cast<std::ptrdiff_t>(begin + shard.begin(clips)),
                     order.begin() + static_cast<std::ptrdiff_t>(begin + shard.end(clips)));
    ++own.batches;
  }
  return own;
}

}  // namespace actrec
