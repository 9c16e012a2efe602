#include "simulated_cuda/streams.h"

#include <cstdlib>
#include <deque>
#include <fstream>
#include <map>
#include <mutex>
#include <utility>

namespace simulated_cuda {
namespace {

c10::Stream make(c10::Device device, c10::StreamId id) {
  return c10::Stream(c10::Stream::UNSAFE, device, id);
}

struct Queue {
  long begun = 0, done = 0;  // copies
  std::deque<std::function<void()>> waiting;
};

std::mutex mutex;
std::map<std::pair<c10::DeviceIndex, c10::StreamId>, Queue> queues;
c10::StreamId streams = 0;  // 0 is a device's default stream

thread_local c10::DeviceIndex device_of_thread = 0;
thread_local std::map<c10::DeviceIndex, c10::StreamId> streams_of_thread;

struct Waits {
  std::mutex mutex;
  std::map<std::string, long> counts;

  ~Waits() {
    const char* const path = std::getenv("ACTREC_SIMULATED_CUDA_WAITS");
    if (path == nullptr) return;
    std::ofstream file(path);
    const char* separator = "{";
    for (const auto& [reason, count] : counts) {
      file << std::exchange(separator, ", ") << '"' << reason << "\": " << count;
    }
    file << (counts.empty() ? "{}" : "}") << "\n";
  }
} waits;

}  // namespace

int device_count() {
  const char* const number = std::getenv("ACTREC_SIMULATED_CUDA_DEVICES");
  return number == nullptr ? 1 : std::atoi(number);
}

c10::Device current_device() { return {c10::DeviceType::CUDA, device_of_thread}; }
void make_current(c10::Device device) { device_of_thread = device.index(); }

c10::Stream current_stream(c10::Device device) {
  const auto found = streams_of_thread.find(device.index());
  return make(device, found == streams_of_thread.end() ? 0 : found->second);
}

c10::Stream make_current(c10::Stream stream) {
  const c10::Stream before = current_stream(stream.device());
  streams_of_thread[stream.device_index()] = stream.id();
  return before;
}

c10::Stream default_stream(c10::Device device) { return make(device, 0); }

c10::Stream new_stream(c10::Device device) {
  const std::lock_guard lock(mutex);
  return make(device, ++streams);
}

void copy_later(std::function<void()> copy, c10::Device device) {
  const c10::Stream stream = current_stream(device);
  if (stream.id() == 0) return copy();
  const std::lock_guard lock(mutex);
  Queue& queue = queues[{device.index(), stream.id()}];
  queue.waiting.push_back(std::move(copy));
  ++queue.begun;
}

Event record(c10::Stream stream) {
  const std::lock_guard lock(mutex);
  return {stream, queues[{stream.device_index(), stream.id()}].begun};
}

void wait_for(const Event& event) {
  const std::lock_guard lock(mutex);
  Queue& queue = queues[{event.stream.device_index(), event.stream.id()}];
  for (; queue.done < event.place; ++queue.done) {
    queue.waiting.front()();
    queue.waiting.pop_front();
  }
}

void count_wait(const std::string& reason) {
  const std::lock_guard lock(waits.mutex);
  ++waits.counts[reason];
}

}  // namespace simulated_cuda
