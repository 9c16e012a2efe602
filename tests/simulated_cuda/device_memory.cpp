#include "simulated_cuda/device_memory.h"

#include <c10/util/Exception.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <new>
#include <vector>

#include "plain_allocator.h"

namespace simulated_cuda {
namespace {

constexpr std::size_t kBytes = std::size_t{16} << 30;  // taken from the system as they are written
constexpr std::size_t kAlignment = 512;

std::size_t rounded(std::size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

class DeviceMemory {
 public:
  static DeviceMemory& instance() {
    static auto* const memory = new DeviceMemory;  // tensors may outlive static objects
    return *memory;
  }

  void* allocate(std::size_t bytes) {
    const std::size_t size = rounded(bytes);
    const std::lock_guard lock(mutex_);
    TORCH_CHECK_WITH(OutOfMemoryError, in_use_ + size <= limit_, "CUDA out of memory. Tried to allocate ",
                     bytes, " bytes of ", limit_, ", ", in_use_, " are in use");
    std::size_t start = used_;
    if (std::vector<std::size_t>& free = free_[size]; !free.empty()) {
      start = free.back();
      free.pop_back();
    } else {
      TORCH_CHECK(used_ + size <= kBytes, "the simulated device's memory is in pieces");
      used_ += size;
    }
    sizes_[start] = size;
    in_use_ += size;
    std::memset(reachable_ + start, 255, size);
    return hidden_ + start;
  }
  void free(void* address) {
    const std::lock_guard lock(mutex_);
    const auto start = static_cast<std::size_t>(static_cast<char*>(address) - hidden_);
    const auto found = sizes_.find(start);
    free_[found->second].push_back(start);
    in_use_ -= found->second;
    sizes_.erase(found);
  }

  char* hidden() const { return hidden_; }
  char* reachable() const { return reachable_; }

 private:
  DeviceMemory() {
    const int file = memfd_create("simulated CUDA memory", 0);
    if (file < 0 || ftruncate(file, kBytes) != 0) std::abort();
    hidden_ = map(file, PROT_NONE);
    reachable_ = map(file, PROT_READ | PROT_WRITE);
    close(file);
    if (const char* const megabytes = std::getenv("ACTREC_SIMULATED_CUDA_MB"))
      limit_ = std::min<std::size_t>(kBytes, 1'000'000 * std::strtoull(megabytes, nullptr, 10));
  }
  static char* map(int file, int protection) {
    void* const memory = mmap(nullptr, kBytes, protection, MAP_SHARED | MAP_NORESERVE, file, 0);
    if (memory == MAP_FAILED) std::abort();
    return static_cast<char*>(memory);
  }

  char *hidden_ = nullptr, *reachable_ = nullptr;
  std::mutex mutex_;
  std::size_t limit_ = kBytes, in_use_ = 0, used_ = 0;    // used: in use, or have been
  std::map<std::size_t, std::size_t> sizes_;              // of what is in use, by its start
  std::map<std::size_t, std::vector<std::size_t>> free_;  // starts, by size
};

bool within(const void* address, const char* start) {
  const auto* const byte = static_cast<const char*>(address);
  return byte >= start && byte < start + kBytes;
}

class PinnedAllocator : public actrec::testing::PlainAllocator {
 public:
  c10::DeleterFnPtr raw_deleter() const override { return &release; }

  static bool has(const void* address) {
    const std::lock_guard lock(mutex());
    auto next = blocks().upper_bound(address);
    if (next == blocks().begin()) return false;
    --next;
    return static_cast<const char*>(address) < static_cast<const char*>(next->first) + next->second;
  }

 private:
  c10::DataPtr make(std::size_t bytes) const override {
    void* const memory = ::operator new(rounded(bytes + 1), std::align_val_t(kAlignment));
    const std::lock_guard lock(mutex());
    blocks()[memory] = bytes;
    return {memory, memory, &release, c10::Device(c10::DeviceType::CPU)};
  }
  static void release(void* memory) {
    const std::lock_guard lock(mutex());
    blocks().erase(memory);
    ::operator delete(memory, std::align_val_t(kAlignment));
  }
  static std::mutex& mutex() {
    static auto* const mutex = new std::mutex;
    return *mutex;
  }
  static std::map<const void*, std::size_t>& blocks() {
    static auto* const blocks = new std::map<const void*, std::size_t>;
    return *blocks;
  }
};

}  // namespace

void* allocate_device_memory(std::size_t bytes) { return DeviceMemory::instance().allocate(bytes); }

void free_device_memory(void* address) { DeviceMemory::instance().free(address); }

void* reach(void* address) {
  if (address == nullptr) return nullptr;
  const DeviceMemory& memory = DeviceMemory::instance();
  return memory.reachable() + (static_cast<char*>(address) - memory.hidden());
}

void* device_address(const void* reachable) {
  const DeviceMemory& memory = DeviceMemory::instance();
  if (!within(reachable, memory.reachable())) return nullptr;
  return memory.hidden() + (static_cast<const char*>(reachable) - memory.reachable());
}

c10::Allocator* pinned_allocator() {
  static auto* const allocator = new PinnedAllocator;
  return allocator;
}

bool is_pinned(const void* address) { return PinnedAllocator::has(address); }

}  // namespace simulated_cuda
