#include "cli/out_of_memory.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <torch/torch.h>

#include <new>
#include <optional>

#include "core/error.h"
#include "engine/preflight.h"

namespace actrec {
namespace {

// Nothing where memory ran out.
std::optional<TrainingSummary> try_to_train(const std::function<TrainingSummary()>& training) {
  try {
    return training();
  } catch (const c10::Error& error) {
    if (!is_about_memory(error.what_without_backtrace())) throw;
  } catch (const std::bad_alloc&) {
  }
  return std::nullopt;
}

}  // namespace

bool is_about_memory(const std::string& message) {
  return message.find("out of memory") != std::string::npos ||
         message.find("can't allocate memory") != std::string::npos;
}

std::string memory_hint(const std::string& message) {
  const bool of_gpu = message.find("CUDA") != std::string::npos;
  return fmt::format("{}{}", kMemoryHint, of_gpu ? ", or use --device cpu" : "");
}

TrainingSummary with_memory_advice(const Settings& settings, const DataSplits& splits,
                                   const std::function<TrainingSummary()>& training) {
  if (auto summary = try_to_train(training)) return std::move(*summary);
  spdlog::info("out of memory: looking for a train.batch_size that fits");
  const int batch_size = settings.train.batch_size;
  const int fits = batch_size_that_fits(settings, splits);
  if (fits == 0) throw Error("out of memory", kMemoryHint);
  const int accumulate = settings.train.accumulate * ((batch_size + fits - 1) / fits);
  throw Error(
      fmt::format("out of memory with train.batch_size {}", batch_size),
      fmt::format("--set train.batch_size={} --set train.accumulate={} fits here, with the same clips an "
                  "update; or {}",
                  fits, accumulate, kMemoryHint));
}

}  // namespace actrec
