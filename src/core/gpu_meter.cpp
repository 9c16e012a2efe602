#include "core/gpu_meter.h"

#include <algorithm>
#include <array>

namespace actrec {
namespace {

struct Utilization {  // nvmlUtilization_t, in percent
  unsigned int gpu = 0, memory = 0;
};
struct Memory {  // nvmlMemory_t, in bytes
  unsigned long long total = 0, free = 0, used = 0;
};

}  // namespace

GpuMeter::GpuMeter(int device, const std::string& driver, const std::string& nvml)
    : driver_(device < 0 ? "" : driver), nvml_(device < 0 ? "" : nvml) {
  if (device < 0) return;
  // CUDA and NVML count devices differently; both know the place on the bus.
  int of_cuda = 0;
  std::array<char, 64> bus{};
  started_ = nvml_.call("nvmlInit_v2") == 0;
  const bool found =
      started_ && driver_.call("cuInit", 0U) == 0 && driver_.call("cuDeviceGet", &of_cuda, device) == 0 &&
      driver_.call("cuDeviceGetPCIBusId", bus.data(), static_cast<int>(bus.size()), of_cuda) == 0;
  if (!found ||
      nvml_.call("nvmlDeviceGetHandleByPciBusId_v2", static_cast<const char*>(bus.data()), &handle_) != 0)
    handle_ = nullptr;
}

GpuMeter::~GpuMeter() {
  if (started_) nvml_.call("nvmlShutdown");
}

void GpuMeter::sample() {
  const auto now = std::chrono::steady_clock::now();
  if (handle_ == nullptr || (samples_ > 0 && now - last_ < kInterval)) return;
  Utilization utilization;
  if (nvml_.call("nvmlDeviceGetUtilizationRates", handle_, &utilization) != 0) return;
  last_ = now;
  busy_sum_ += utilization.gpu / 100.0;
  ++samples_;
  Memory memory;
  if (nvml_.call("nvmlDeviceGetMemoryInfo", handle_, &memory) == 0)
    memory_bytes_ = std::max(memory_bytes_, static_cast<double>(memory.used));
}

GpuUse GpuMeter::use() const {
  if (samples_ == 0) return {};
  return {busy_sum_ / samples_, memory_bytes_ / (1 << 20)};
}

void GpuMeter::reset() {
  busy_sum_ = memory_bytes_ = 0;
  samples_ = 0;
}

}  // namespace actrec
