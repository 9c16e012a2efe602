#pragma once

#include <ATen/EmptyTensor.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <torch/library.h>
#include <torch/torch.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <utility>

#include "plain_allocator.h"

namespace actrec::testing {

// A device in this process, for tests of what depends on the order of work on a device's streams. Work that
// is launched waits in its stream's queue, as on a GPU that is slow, until somebody asks for an event, and
// then the stream with the lowest rank that can go on does one thing. Its memory is the host's. There is one
// such device, LibTorch's PrivateUse1; include this in one source only.
class SimulatedDevice {
 public:
  using Work = std::function<bool()>;  // false: not yet, as it waits for another stream

  static SimulatedDevice& instance() {
    static SimulatedDevice device;
    return device;
  }
  static torch::Device device() { return {torch::kPrivateUse1, 0}; }

  // Forgets all work. Whether the current stream is the first to do its work, or the last.
  void reset(bool current_first) {
    queues_.clear();
    current_first_ = current_first;
    executed_ = 0;
  }
  // On the current stream.
  void launch(std::function<void()> work) {
    enqueue(current_, [work = std::move(work)] {
      work();
      return true;
    });
  }
  bool advance() {
    for (const bool of_default : {current_first_, !current_first_}) {
      for (auto& [stream, queue] : queues_) {
        if ((stream == 0) != of_default || queue.empty() || !queue.front()()) continue;
        queue.pop_front();
        ++executed_;
        return true;
      }
    }
    return false;
  }
  // Does all that can be done; whether nothing is left.
  bool finish() {
    while (advance()) {
    }
    return std::all_of(queues_.begin(), queues_.end(),
                       [](const auto& queue) { return queue.second.empty(); });
  }
  int executed() const { return executed_; }

  // For LibTorch.
  void enqueue(c10::StreamId stream, Work work) { queues_[stream].push_back(std::move(work)); }
  c10::StreamId current() const { return current_; }
  c10::StreamId exchange(c10::StreamId stream) { return std::exchange(current_, stream); }
  c10::StreamId new_stream() { return ++streams_; }

 private:
  std::map<c10::StreamId, std::deque<Work>> queues_;
  c10::StreamId current_ = 0, streams_ = 0;  // 0 is the default stream
  bool current_first_ = true;
  int executed_ = 0;
};

class SimulatedGuard : public c10::impl::DeviceGuardImplInterface {
  using Stream = c10::Stream;
  using Event = std::shared_ptr<bool>;  // whether it has happened
  static SimulatedDevice& simulated() { return SimulatedDevice::instance(); }
  static Stream stream(c10::StreamId id) { return Stream(Stream::UNSAFE, SimulatedDevice::device(), id); }

 public:
  SimulatedGuard() = default;
  explicit SimulatedGuard(c10::DeviceType /*type*/) {}
  c10::DeviceType type() const override { return torch::kPrivateUse1; }
  c10::Device exchangeDevice(c10::Device /*device*/) const override { return SimulatedDevice::device(); }
  c10::Device getDevice() const override { return SimulatedDevice::device(); }
  void setDevice(c10::Device /*device*/) const override {}
  void uncheckedSetDevice(c10::Device /*device*/) const noexcept override {}
  // LibTorch would start a thread for the backward pass, after which tests cannot fork.
  c10::DeviceIndex deviceCount() const noexcept override { return 0; }

  Stream getStream(c10::Device /*device*/) const noexcept override { return stream(simulated().current()); }
  Stream getDefaultStream(c10::Device /*device*/) const override { return stream(0); }
  Stream getStreamFromGlobalPool(c10::Device /*device*/, bool /*high_priority*/) const override {
    return stream(simulated().new_stream());
  }
  Stream exchangeStream(Stream wanted) const noexcept override {
    return stream(simulated().exchange(wanted.id()));
  }

  void record(void** event, const Stream& on, const c10::DeviceIndex /*device*/,
              const c10::EventFlag /*flag*/) const override {
    if (*event == nullptr) *event = new Event();
    auto& happened = *static_cast<Event*>(*event);
    happened = std::make_shared<bool>(false);
    simulated().enqueue(on.id(), [happened = happened] { return *happened = true; });
  }
  void block(void* event, const Stream& on) const override {
    simulated().enqueue(on.id(), [happened = *static_cast<Event*>(event)] { return *happened; });
  }
  bool queryEvent(void* event) const override {
    simulated().advance();
    return **static_cast<Event*>(event);
  }
  void destroyEvent(void* event, const c10::DeviceIndex /*device*/) const noexcept override {
    delete static_cast<Event*>(event);
  }
};

class SimulatedAllocator : public PlainAllocator {
 public:
  c10::DeleterFnPtr raw_deleter() const override { return &free_memory; }

 private:
  c10::DataPtr make(std::size_t bytes) const override {
    void* const memory = ::operator new(bytes);
    return {memory, memory, &free_memory, SimulatedDevice::device()};
  }
  static void free_memory(void* memory) { ::operator delete(memory); }
};

inline SimulatedAllocator& simulated_allocator() {
  static SimulatedAllocator allocator;
  return allocator;
}

inline const c10::DispatchKeySet kSimulatedKeys(c10::DispatchKey::PrivateUse1);

inline torch::Tensor simulated_empty(c10::IntArrayRef size, c10::optional<c10::ScalarType> type,
                                     c10::optional<c10::Layout> /*layout*/,
                                     c10::optional<c10::Device> /*device*/, c10::optional<bool> /*pinned*/,
                                     c10::optional<c10::MemoryFormat> format) {
  return at::detail::empty_generic(size, &simulated_allocator(), kSimulatedKeys, type.value(), format);
}

inline torch::Tensor simulated_as_strided(const torch::Tensor& self, c10::IntArrayRef size,
                                          c10::IntArrayRef stride, c10::optional<std::int64_t> offset) {
  torch::Tensor view = at::detail::make_tensor<c10::TensorImpl>(
      c10::TensorImpl::VIEW, c10::Storage(self.storage()), self.key_set(), self.dtype());
  view.unsafeGetTensorImpl()->set_sizes_and_strides(size, stride);
  view.unsafeGetTensorImpl()->set_storage_offset(offset.value_or(self.storage_offset()));
  return view;
}

inline torch::Tensor simulated_copy(const torch::Tensor& from, const torch::Tensor& to,
                                    bool /*non_blocking*/) {
  SimulatedDevice::instance().launch(
      [from, to] { std::memcpy(to.data_ptr(), from.data_ptr(), static_cast<std::size_t>(from.nbytes())); });
  return to;
}

C10_REGISTER_GUARD_IMPL(PrivateUse1, SimulatedGuard)
TORCH_LIBRARY_IMPL(aten, PrivateUse1, library) {
  library.impl("empty.memory_format", simulated_empty);
  library.impl("as_strided", simulated_as_strided);
  library.impl("_copy_from", simulated_copy);
  library.impl("record_stream", [](torch::Tensor& /*self*/, c10::Stream /*stream*/) {});
}

}  // namespace actrec::testing
