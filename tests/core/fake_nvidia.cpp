// Stands for NVIDIA's two libraries, with two devices that CUDA and NVML number the other way round.

#include <cstring>

namespace {
int devices[2];  // NVML's handles are their addresses
int asked = 0;
}  // namespace

extern "C" {

int cuInit(unsigned int /*flags*/) { return 0; }
int cuDeviceGet(int* device, int number) {
  *device = 10 + number;
  return number < 2 ? 0 : 101;
}
int cuDeviceGetPCIBusId(char* id, int /*length*/, int device) {
  std::strcpy(id, device == 10 ? "0000:81:00.0" : "0000:01:00.0");
  return 0;
}

int nvmlInit_v2() { return 0; }
int nvmlShutdown() { return 0; }
int nvmlDeviceGetHandleByPciBusId_v2(const char* id, void** handle) {
  *handle = &devices[std::strcmp(id, "0000:81:00.0") == 0 ? 1 : 0];
  return 0;
}
int nvmlDeviceGetUtilizationRates(void* handle, unsigned int* rates) {
  const bool second = handle == &devices[1];
  rates[0] = second ? (asked++ % 2 == 0 ? 90 : 100) : 5;
  rates[1] = 0;
  return 0;
}
int nvmlDeviceGetMemoryInfo(void* handle, unsigned long long* bytes) {
  constexpr unsigned long long kMiB = 1 << 20;
  bytes[0] = bytes[1] = 80'000 * kMiB;
  bytes[2] = kMiB * (handle == &devices[1] ? (asked < 2 ? 3000 : 2000) : 1);
  return 0;
}
}
