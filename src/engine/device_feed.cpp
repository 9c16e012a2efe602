#include "engine/device_feed.h"

#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <chrono>
#include <thread>

namespace actrec {

DeviceFeed::DeviceFeed(const torch::Device& device) : device_(device) {}

Batch DeviceFeed::to_device(const Batch& batch) {
  if (batch.clips.device() == device_ && batch.labels.device() == device_) return batch;
  const c10::impl::VirtualGuardImpl device(device_.type());
  if (!copies_) copies_ = device.getStreamFromGlobalPool(device_);
  const c10::Stream computing = device.getStream(device_);

  // All that reads the last batch has been launched.
  if (std::optional<Slot>& last = slots_[(next_ + kDepth - 1) % kDepth]) last->used.record(computing);
  std::optional<Slot>& slot = slots_[next_];
  next_ = (next_ + 1) % kDepth;
  if (slot) {
    while (!slot->used.query()) std::this_thread::sleep_for(std::chrono::microseconds(50));
  } else {
    slot.emplace(device_.type());
  }

  Batch result{{}, {}, batch.indices, batch.changes};
  c10::Event copied(device_.type());
  {
    const c10::StreamGuard guard(*copies_);
    result.clips = copy(batch.clips, slot->clips, computing);
    result.labels = copy(batch.labels, slot->labels, computing);
    if (batch.changes) result.changes->values = copy(batch.changes->values, slot->changes, computing);
    copied.record(*copies_);
  }
  copied.block(computing);
  return result;
}

// Copies into the first rows of `memory`, which is made where it does not fit.
torch::Tensor DeviceFeed::copy(const torch::Tensor& source, torch::Tensor& memory,
                               const c10::Stream& computing) const {
  if (!memory.defined() || memory.size(0) < source.size(0) || memory.scalar_type() != source.scalar_type() ||
      memory.sizes().slice(1) != source.sizes().slice(1)) {
    memory = torch::empty(source.sizes(), source.options().device(device_).pinned_memory(false));
    memory.record_stream(computing);  // when it is given back, what reads it may not be done
  }
  torch::Tensor rows = memory.narrow(0, 0, source.size(0));
  rows.copy_(source, true);
  return rows;
}

}  // namespace actrec
