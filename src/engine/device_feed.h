#pragma once

#include <c10/core/Event.h>
#include <c10/core/Stream.h>
#include <torch/torch.h>

#include <array>
#include <cstddef>
#include <optional>

#include "data/batch_source.h"

namespace actrec {

// Brings batches to a device while it still computes with the ones before: the copies run on a stream of
// their own, and what is launched on the device's current stream afterwards waits for its batch, not the
// host. Copies run beside the host, too, from pinned memory (LoaderOptions::pin_memory). At most kDepth
// batches are under way: after that the host waits until the oldest has been used, so that memory stays
// bounded. Not for sharing between threads.
class DeviceFeed {
 public:
  static constexpr std::size_t kDepth = 3;

  explicit DeviceFeed(const torch::Device& device);

  // The batch with tensors on the device; the same one where they are there already. They are overwritten by
  // the kDepth-th call from now on, so by then all that reads them must have been launched, on the stream
  // that is current at every call.
  Batch to_device(const Batch& batch);

 private:
  struct Slot {
    explicit Slot(torch::DeviceType type) : used(type) {}
    torch::Tensor clips, labels, changes;  // at least as long as a batch
    c10::Event used;                       // what read them is done
  };
  torch::Tensor copy(const torch::Tensor& source, torch::Tensor& memory, const c10::Stream& computing) const;

  torch::Device device_;
  std::optional<c10::Stream> copies_;
  std::array<std::optional<Slot>, kDepth> slots_;
  std::size_t next_ = 0;
};

}  // namespace actrec
