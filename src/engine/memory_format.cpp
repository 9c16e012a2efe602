#include "engine/memory_format.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "config/config_file.h"
#include "core/atomic_file.h"
#include "core/error.h"
#include "core/system.h"
#include "core/text.h"
#include "core/torch_compat.h"
#include "models/encoder.h"

namespace actrec {
namespace {

// Of a measurement: enough to keep the device busy and, in a GPU's memory, no more than a batch has.
std::int64_t frames_for(const Settings& settings, const torch::Device& device) {
  if (device.is_cpu()) return 16;
  return std::min<std::int64_t>(256, std::int64_t{settings.train.batch_size} * settings.clip.frames);
}

constexpr double kClearlyFaster = 1.15;

// Seconds that the encoder takes, forward and, where it learns, backward, on frames of that format: the best
// of a few.
double measure(Encoder& encoder, bool learns, const torch::Tensor& frames) {
  const torch::AutoGradMode gradients(learns);
  double best = 0;
  for (int i = 0; i < 4; ++i) {
    const auto start = std::chrono::steady_clock::now();
    const torch::Tensor sum = encoder.forward(frames).sum();
    if (learns) sum.backward();
    (learns ? encoder.parameters().front().grad().sum() : sum).item<float>();  // the device is done
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (i > 0) best = i == 1 ? seconds : std::min(best, seconds);  // the first chooses and compiles kernels
  }
  return best;
}

// Whether contiguous is clearly faster.
bool contiguous_wins(const Settings& settings, const torch::Device& device) {
  const FrameSize size = settings.clip.size;
  const std::shared_ptr<Encoder> encoder = make_encoder(settings.model.encoder, size);
  const bool learns = !settings.model.encoder.trainable.is_none();
  encoder->to(device);
  encoder->train(learns);
  const torch::Tensor frames = torch::rand({frames_for(settings, device), 3, size.height, size.width},
                                           torch::TensorOptions().device(device));
  const Bfloat16Guard guard(device.type(), settings.train.precision == Precision::bf16);
  const double last = measure(*encoder, learns, frames.contiguous(torch::MemoryFormat::ChannelsLast));
  const double contiguous = measure(*encoder, learns, frames);
  spdlog::info("memory format: {:.1f} ms for {} frames in channels_last, {:.1f} ms in contiguous", 1e3 * last,
               frames.size(0), 1e3 * contiguous);
  return last > kClearlyFaster * contiguous;
}

// What the outcome may depend on.
std::string situation(const Settings& settings, const torch::Device& device) {
  const nlohmann::ordered_json json = settings_to_json(settings);
  return fmt::format("LibTorch {}, {} ({}), {} threads, {}x{}, {}, {}", torch_version(), device.str(),
                     processor_name(), at::get_num_threads(), settings.clip.size.height,
                     settings.clip.size.width, json["train"]["precision"].get<std::string>(),
                     json["model"]["encoder"].dump());
}

// The outcomes of earlier measurements on this machine, by situation. A file that cannot be read or written
// only means that they are made again.
class Outcomes {
 public:
  Outcomes() : directory_(user_cache_directory()) {
    std::error_code error;
    if (directory_.empty() || !std::filesystem::exists(file(), error)) return;
    try {
      known_ = nlohmann::json::parse(read_file(file()));
    } catch (const std::exception&) {
    }
  }
  std::optional<bool> find(const std::string& situation) const {
    const auto found = known_.find(situation);
    if (found == known_.end() || !found->is_boolean()) return {};
    return found->get<bool>();
  }
  void remember(const std::string& situation, bool contiguous) {
    if (directory_.empty()) return;
    if (!known_.is_object()) known_ = nlohmann::json::object();
    known_[situation] = contiguous;
    try {
      create_writable_directory(directory_);
      write_file_atomically(file(), known_.dump(2) + "\n");
    } catch (const Error&) {
    }
  }

 private:
  std::filesystem::path file() const { return directory_ / "contiguous_is_faster.json"; }

  std::filesystem::path directory_;
  nlohmann::json known_ = nlohmann::json::object();
};

}  // namespace

MemoryFormat choose_memory_format(const Settings& settings, const torch::Device& device) {
  const MemoryFormat wanted = settings.train.memory_format;
  if (wanted != MemoryFormat::automatic) return wanted;
  // The dense encoder has no feature maps.
  if (settings.model.encoder.type == EncoderType::dense) return MemoryFormat::channels_last;
  Outcomes outcomes;
  const std::string key = situation(settings, device);
  std::optional<bool> contiguous = outcomes.find(key);
  if (!contiguous) {
    contiguous = contiguous_wins(settings, device);
    outcomes.remember(key, *contiguous);
  }
  spdlog::info("memory format: {}", *contiguous ? "contiguous" : "channels_last");
  return *contiguous ? MemoryFormat::contiguous : MemoryFormat::channels_last;
}

MemoryFormat choose_memory_format(const Settings& settings, const torch::Device& device,
                                  ProcessGroup& group) {
  const std::string choice = group.broadcast(
      group.leads() ? std::to_string(static_cast<int>(choose_memory_format(settings, device))) : "");
  return static_cast<MemoryFormat>(std::stoi(choice));
}

}  // namespace actrec
