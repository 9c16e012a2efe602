#pragma once

#include <chrono>
#include <string>

#include "core/shared_library.h"

namespace actrec {

// How a GPU has been used over some time; zeros where that is not known.
struct GpuUse {
  double busy_fraction = 0;  // share of the time in which it computed anything
  double memory_mb = 0;      // the most that was in use on it, by all programs, in MiB
};

// Asks NVIDIA's driver now and then how busy a GPU is, through NVML (NVML API Reference), without the CUDA
// toolkit. Not for sharing between threads.
class GpuMeter {
 public:
  // `device`: its CUDA number; -1 measures nothing, and so does one that NVML does not know.
  explicit GpuMeter(int device, const std::string& driver = "libcuda.so.1",
                    const std::string& nvml = "libnvidia-ml.so.1");
  ~GpuMeter();
  GpuMeter(const GpuMeter&) = delete;
  GpuMeter& operator=(const GpuMeter&) = delete;

  // To be called often; asks no more often than kInterval.
  void sample();
  GpuUse use() const;
  void reset();  // forgets what has been measured

  static constexpr auto kInterval = std::chrono::milliseconds(200);

 private:
  SharedLibrary driver_, nvml_;
  bool started_ = false;    // NVML
  void* handle_ = nullptr;  // NVML's, of the device
  std::chrono::steady_clock::time_point last_;
  double busy_sum_ = 0, memory_bytes_ = 0;
  int samples_ = 0;
};

}  // namespace actrec
