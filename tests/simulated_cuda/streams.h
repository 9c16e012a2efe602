#pragma once

#include <c10/core/Stream.h>

#include <functional>
#include <string>

namespace simulated_cuda {

int device_count();

// The thread's current device and streams.
c10::Device current_device();
void make_current(c10::Device device);
c10::Stream current_stream(c10::Device device);
c10::Stream make_current(c10::Stream stream);
c10::Stream default_stream(c10::Device device);
c10::Stream new_stream(c10::Device device);

// Does `copy` as late as the program allows: once somebody waits for an event of the thread's current stream
// that was recorded after it. On a default stream, which nobody needs to wait for, at once.
void copy_later(std::function<void()> copy, c10::Device device);

// The place that the stream has come to, and the wait for it.
struct Event {
  c10::Stream stream;
  long place = 0;
};
Event record(c10::Stream stream);
void wait_for(const Event& event);

// Notes that the host waited for the device, as in `reason`. At the end of the program how often it did for
// which reason is written to the file that ACTREC_SIMULATED_CUDA_WAITS names, as JSON.
void count_wait(const std::string& reason);

}  // namespace simulated_cuda
