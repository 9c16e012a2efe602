// What LibTorch asks a CUDA build about its devices: how many, memory, random numbers, streams, events.

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>

#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "plain_allocator.h"
#include "simulated_cuda/device_memory.h"
#include "simulated_cuda/streams.h"

namespace simulated_cuda {

// LibTorch asks for this name. Without `override`: which of these functions there are depends on its version.
struct CUDAHooks : public at::CUDAHooksInterface {
  using Base = at::CUDAHooksInterface;
  explicit CUDAHooks(at::CUDAHooksArgs /*arguments*/) {}

  bool isBuilt() const { return true; }
  bool isAvailable() const { return true; }
  bool hasCUDA() const { return true; }
  bool hasCUDART() const { return true; }
  long versionCUDART() const { return 13000; }
  std::string showConfig() const { return "simulated CUDA devices"; }
  void init() const {}
  void initCUDA() const {}

  int getNumGPUs() const { return device_count(); }
  c10::DeviceIndex deviceCount() const { return static_cast<c10::DeviceIndex>(device_count()); }
  decltype(std::declval<Base>().current_device()) current_device() const {
    return simulated_cuda::current_device().index();
  }
  c10::DeviceIndex getCurrentDevice() const { return simulated_cuda::current_device().index(); }
  bool hasPrimaryContext(std::int64_t /*device*/) const { return true; }
  bool hasPrimaryContext(c10::DeviceIndex /*device*/) const { return true; }

  at::Allocator* getPinnedMemoryAllocator() const { return pinned_allocator(); }
  bool isPinnedPtr(void* data) const { return is_pinned(data); }
  bool isPinnedPtr(const void* data) const { return is_pinned(data); }

  const at::Generator& getDefaultGenerator(c10::DeviceIndex device) const {
    static auto* const generators = [] {
      auto* const made = new std::vector<at::Generator>;
      for (int i = 0; i < device_count(); ++i) made->push_back(at::make_generator<at::CPUGeneratorImpl>());
      return made;
    }();
    return generators->at(
        static_cast<std::size_t>(device < 0 ? simulated_cuda::current_device().index() : device));
  }
  const at::Generator& getDefaultCUDAGenerator(c10::DeviceIndex device) const {
    return getDefaultGenerator(device);
  }
};

class DeviceAllocator : public actrec::testing::PlainAllocator {
 public:
  c10::DeleterFnPtr raw_deleter() const override { return &free_device_memory; }

 private:
  void copy(void* to, const void* from, std::size_t bytes) const override {
    std::memcpy(reach(to), reach(const_cast<void*>(from)), bytes);
  }
  c10::DataPtr make(std::size_t bytes) const override {
    if (bytes == 0) return {nullptr, current_device()};
    void* const memory = allocate_device_memory(bytes);
    return {memory, memory, &free_device_memory, current_device()};
  }
};

class Guard : public c10::impl::DeviceGuardImplInterface {
  using Device = c10::Device;
  using Stream = c10::Stream;

 public:
  Guard() = default;
  explicit Guard(c10::DeviceType /*type*/) {}
  c10::DeviceType type() const override { return c10::DeviceType::CUDA; }
  c10::DeviceIndex deviceCount() const noexcept override {
    return static_cast<c10::DeviceIndex>(device_count());
  }

  Device getDevice() const override { return current_device(); }
  void setDevice(Device device) const override { make_current(device); }
  void uncheckedSetDevice(Device device) const noexcept override { make_current(device); }
  Device exchangeDevice(Device device) const override {
    const Device before = current_device();
    make_current(device);
    return before;
  }

  Stream getStream(Device device) const noexcept override { return current_stream(device); }
  Stream getDefaultStream(Device device) const override { return default_stream(device); }
  Stream getStreamFromGlobalPool(Device device, bool /*high_priority*/) const override {
    return new_stream(device);
  }
  Stream exchangeStream(Stream stream) const noexcept override { return make_current(stream); }

  void record(void** event, const Stream& stream, const c10::DeviceIndex /*device*/,
              const c10::EventFlag /*flag*/) const override {
    delete static_cast<Event*>(*event);
    *event = new Event(simulated_cuda::record(stream));
  }
  void block(void* event, const Stream& /*stream*/) const override { wait_for(*static_cast<Event*>(event)); }
  bool queryEvent(void* event) const override {
    if (event != nullptr) wait_for(*static_cast<Event*>(event));
    return true;
  }
  void synchronizeStream(const Stream& stream) const override { wait_for(simulated_cuda::record(stream)); }
  bool queryStream(const Stream& stream) const override {
    synchronizeStream(stream);
    return true;
  }
  void destroyEvent(void* event, const c10::DeviceIndex /*device*/) const noexcept override {
    delete static_cast<Event*>(event);
  }
};

C10_REGISTER_GUARD_IMPL(CUDA, Guard)

namespace {
DeviceAllocator allocator;
struct Registered {
  Registered() { c10::SetAllocator(c10::DeviceType::CUDA, &allocator); }
} const registered;
}  // namespace

}  // namespace simulated_cuda

namespace at {
using simulated_cuda::CUDAHooks;
REGISTER_CUDA_HOOKS(CUDAHooks)
}  // namespace at
