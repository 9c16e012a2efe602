#include "core/cuda_driver.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <array>

namespace actrec {
namespace {

// The driver's API (CUDA Driver API reference): every function returns 0 for success.
using Device = int;
constexpr int kCapabilityMajor = 75, kCapabilityMinor = 76;  // CUdevice_attribute

class Driver {
 public:
  Driver() : library_(dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL)) {}
  ~Driver() {
    if (library_ != nullptr) dlclose(library_);
  }
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;

  bool is_there() const { return library_ != nullptr; }

  template <typename... Arguments>
  int call(const char* name, Arguments... arguments) const {
    void* const found = dlsym(library_, name);
    if (found == nullptr) return -1;
    return reinterpret_cast<int (*)(Arguments...)>(found)(arguments...);
  }

  std::string text_of(int error) const {
    const char* text = nullptr;
    if (call("cuGetErrorString", error, &text) != 0 || text == nullptr) return fmt::format("error {}", error);
    return text;
  }

 private:
  void* library_;
};

std::string describe(const Driver& driver, Device device) {
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
  const Driver driver;
  if (!driver.is_there()) {
    result.problem = "there is no NVIDIA driver (libcuda.so.1)";
    return result;
  }
  int version = 0, count = 0;
  if (driver.call("cuDriverGetVersion", &version) == 0)
    result.version = fmt::format("{}.{}", version / 1000, version % 1000 / 10);
  if (const int error = driver.call("cuInit", 0U); error != 0) {
    result.problem = fmt::format("NVIDIA's driver does not start: {}", driver.text_of(error));
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
