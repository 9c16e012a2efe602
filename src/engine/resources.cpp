#include "engine/resources.h"

#include <c10/core/impl/VirtualGuardImpl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>

#include "core/error.h"
#include "core/system.h"
#include "core/text.h"
#include "core/torch_compat.h"

namespace actrec {
namespace {

torch::Device find_device(const std::string& name) {
  if (name == "cpu") return torch::kCPU;
  const bool available = torch::cuda::is_available();
  if (name == "auto") {
    if (available) return torch::Device(torch::kCUDA, 0);
    spdlog::info("device: cpu (LibTorch {} finds no CUDA device)", torch_version());
    return torch::kCPU;
  }
  if (!available) {
    throw ConfigError(fmt::format("device: '{}' was asked for, but LibTorch {} finds no CUDA device", name,
                                  torch_version()),
                      "use --device cpu or --device auto; `actrec doctor` says why there is none");
  }
  return cuda_device(name, static_cast<int>(torch::cuda::device_count()));
}

}  // namespace

torch::Device resolve_device(const std::string& name) {
  const torch::Device device = find_device(name);
  if (device.is_cuda()) c10::impl::VirtualGuardImpl(device.type()).setDevice(device);
  return device;
}

torch::Device cuda_device(const std::string& name, int count) {
  // A DeviceIndex has eight bits, so the number is compared before it becomes one.
  int index = 0;
  const std::string digits = name == "cuda" ? "0" : name.substr(std::string("cuda:").size());
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), index);
  if (parsed.ec != std::errc() || index >= count) {
    throw ConfigError(fmt::format("device: '{}' does not exist, LibTorch finds {}", name,
                                  format_count(count, "CUDA device")),
                      "count from cuda:0; of several processes on a machine each needs one of its own");
  }
  return {torch::kCUDA, static_cast<torch::DeviceIndex>(index)};
}

ThreadPlan plan_threads(const Settings& settings) {
  ThreadPlan plan;
  plan.torch = settings.threads > 0 ? settings.threads : available_cores();
  plan.workers = settings.data.workers >= 0 ? settings.data.workers : plan.torch;
  at::set_num_threads(plan.torch);
  allow_tf32(settings.train.precision == Precision::tf32);
  at::globalContext().setBenchmarkCuDNN(true);  // the fastest algorithm for each shape; a run has few
  spdlog::info("threads: {} for LibTorch, {} decoding at low priority", plan.torch, plan.workers);
  return plan;
}

LoaderOptions loader_options(const Settings& settings, const ThreadPlan& threads, const torch::Device& device,
                             const Shard& shard) {
  LoaderOptions options;
  options.batch_size = settings.train.batch_size;
  options.workers = threads.workers;
  options.prefetch_bytes = std::int64_t{settings.data.prefetch_mb} * 1'000'000;
  options.pin_memory = device.is_cuda();
  options.timeout_seconds = settings.data.timeout_seconds;
  options.shard = shard;
  options.change_later = settings.augment.on_device;
  if (settings.model.encoder.trainable.is_none()) options.views = settings.train.feature_views;
  return options;
}

std::string own_cuda_device(const ProcessLayout& layout, int count) {
  return fmt::format("cuda:{}", count == 1 ? 0 : layout.local_rank);
}

void share_machine(Settings& settings, const ProcessLayout& layout) {
  if (layout.size == 1) return;
  if (settings.threads == 0) settings.threads = std::max(1, available_cores() / layout.local_size);
  const auto devices = static_cast<int>(torch::cuda::device_count());
  if (settings.device == "cuda" || (settings.device == "auto" && devices > 0))
    settings.device = own_cuda_device(layout, devices);
}

}  // namespace actrec
