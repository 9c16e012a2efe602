#include "core/cuda_driver.h"

#include <fmt/format.h>

#include <array>

#include "core/shared_library.h"

namespace actrec {
namespace {

// The driver's API (CUDA Driver API reference): every function returns 0 for success.
using Device = int;
constexpr int kCapabilityMajor = 75, kCapabilityMinor = 76;  // CUdevice_attribute

std::string text_of(const SharedLibrary& driver, int error) {
  const char* text = nullptr;
  if (driver.call("cuGetErrorString", error, &text) != 0 || text == nullptr)
    return fmt::format("error {}", error);
  return text;
}

std::string describe(const SharedLibrary& driver, Device device) {
  std::array<char, 256> name{};
  std::size_t bytes = 0;
  int major = 0, minor = 0;
  driver.call("cuDeviceGetName", name.data(), static_cast<int>(name.size() - 1), device);
  driver.call("cuDeviceTotalMem_v2", &bytes, device);
  driver.call("cuDeviceGetAttribute", &major, kCapabilityMajor, device);
  driver.call("cuDeviceGetAttribute", &minor, kCapabilityMinor, device);
  return fmt::format("{}, {:.1f} GiB, compute capability {}.{}", name.data(),
                     static_cast<double>(bytes) / (1 << 30), major, minor);
}

}  // namespace

CudaDriver query_cuda_driver() {
  CudaDriver result;
  const SharedLibrary driver("libcuda.so.1");
  if (!driver.is_there()) {
    result.problem = "there is no NVIDIA driver (libcuda.so.1)";
    return result;
  }
  int version = 0, count = 0;
  if (driver.call("cuDriverGetVersion", &version) == 0)
    result.version = fmt::format("{}.{}", version / 1000, version % 1000 / 10);
  if (const int error = driver.call("cuInit", 0U); error != 0) {
    result.problem = fmt::format("NVIDIA's driver does not start: {}", text_of(driver, error));
    return result;
  }
  driver.call("cuDeviceGetCount", &count);
  for (int i = 0; i < count; ++i) {
    Device device = 0;
    if (driver.call("cuDeviceGet", &device, i) == 0) result.devices.push_back(describe(driver, device));
  }
  if (result.devices.empty()) result.problem = "NVIDIA's driver finds no device";
  return result;
}

}  // namespace actrec
