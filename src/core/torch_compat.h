#pragma once

#include <ATen/autocast_mode.h>
#include <torch/csrc/autograd/variable.h>
#include <torch/torch.h>
#include <torch/version.h>

#include <sstream>
#include <string>
#include <type_traits>

// The place for what differs between LibTorch versions.

namespace actrec {

inline std::string torch_version() {
  return std::to_string(TORCH_VERSION_MAJOR) + "." + std::to_string(TORCH_VERSION_MINOR) + "." +
         std::to_string(TORCH_VERSION_PATCH);
}

// The key of a parameter in Optimizer::state(): its address, which is text in earlier versions.
using OptimizerKey = std::decay_t<decltype(std::declval<torch::optim::Optimizer&>().state())>::key_type;

template <typename Key = OptimizerKey>
Key optimizer_key(const torch::Tensor& parameter) {
  if constexpr (std::is_pointer_v<Key>) {
    return parameter.unsafeGetTensorImpl();
  } else {
    std::ostringstream text;
    text << parameter.unsafeGetTensorImpl();
    return text.str();
  }
}

// Whether the optimisers have operations that change all parameters at once, on every kind of device.
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
#define ACTREC_FUSED_OPTIMIZERS
inline constexpr bool kHasFusedOptimizers = true;
#else
inline constexpr bool kHasFusedOptimizers = false;
#endif

// Whether relu6() of a tensor has no backward pass: in bfloat16 on CPUs, in the earliest version.
inline bool lacks_gradient_of_relu6(const torch::Tensor& x) {
  return TORCH_VERSION_MAJOR < 2 && x.is_cpu() && x.scalar_type() == torch::kBFloat16;
}

// An owner of a step of the backward pass: a shared pointer in earlier versions.
using NodePointer =
    std::decay_t<decltype(torch::autograd::impl::grad_accumulator(std::declval<const torch::Tensor&>()))>;

#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
inline bool autocasts(torch::DeviceType type) { return at::autocast::is_autocast_enabled(type); }
inline void set_autocasts(torch::DeviceType type, bool on) { at::autocast::set_autocast_enabled(type, on); }
inline void set_autocast_type(torch::DeviceType type, torch::ScalarType to) {
  at::autocast::set_autocast_dtype(type, to);
}
#else
inline bool autocasts(torch::DeviceType type) {
  return type == torch::kCPU ? at::autocast::is_cpu_enabled() : at::autocast::is_enabled();
}
inline void set_autocasts(torch::DeviceType type, bool on) {
  type == torch::kCPU ? at::autocast::set_cpu_enabled(on) : at::autocast::set_enabled(on);
}
inline void set_autocast_type(torch::DeviceType type, torch::ScalarType to) {
  type == torch::kCPU ? at::autocast::set_autocast_cpu_dtype(to) : at::autocast::set_autocast_gpu_dtype(to);
}
#endif

// While it lives, and if it is on, this thread's convolutions and matrix products on that kind of device
// compute in bfloat16, from tensors of any floating type.
class Bfloat16Guard {
 public:
  Bfloat16Guard(torch::DeviceType type, bool on) : type_(type), on_(on), before_(autocasts(type)) {
    if (!on_) return;
    set_autocast_type(type_, torch::kBFloat16);
    set_autocasts(type_, true);
    at::autocast::increment_nesting();
  }
  ~Bfloat16Guard() {
    if (!on_) return;
    if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();  // of converted weights
    set_autocasts(type_, before_);
  }
  Bfloat16Guard(const Bfloat16Guard&) = delete;
  Bfloat16Guard& operator=(const Bfloat16Guard&) = delete;

 private:
  torch::DeviceType type_;
  bool on_, before_;
};

// Whether products of 32-bit numbers on CUDA devices may round their factors to 19 bits.
inline void allow_tf32(bool allowed) {
  at::globalContext().setAllowTF32CuBLAS(allowed);
  at::globalContext().setAllowTF32CuDNN(allowed);
}

}  // namespace actrec
