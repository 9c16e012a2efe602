#pragma once

#include <string>
#include <vector>

namespace actrec {

// What NVIDIA's driver says of this machine, asked without the CUDA toolkit.
struct CudaDriver {
  std::string problem;               // why no device can be used; empty: there are some
  std::string version;               // the newest CUDA that it runs, such as "13.0"; empty without a driver
  std::vector<std::string> devices;  // "NVIDIA H100 80GB HBM3, 79.1 GiB, compute capability 9.0"
};
CudaDriver query_cuda_driver();

}  // namespace actrec
