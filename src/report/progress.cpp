#include "report/progress.h"

#include <fmt/format.h>
#include <spdlog/sinks/sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cstdio>

#include "core/text.h"

namespace actrec {
namespace {

constexpr auto kInterval = std::chrono::milliseconds(100);
constexpr const char* kClearLine = "\r\x1b[K";

// The log's first sink is stderr; the logger itself takes everything, for the log file (core/logging.cpp).
bool log_is_quiet() { return !spdlog::default_logger()->sinks().front()->should_log(spdlog::level::info); }

// Empty without a GPU.
std::string gpu_text(const GpuUse& gpu) {
  return gpu.memory_mb > 0
             ? fmt::format("  GPU {:.0f}% {:.1f} GiB", 100 * gpu.busy_fraction, gpu.memory_mb / 1024)
             : "";
}

}  // namespace

ProgressLine::ProgressLine() : visible_(::isatty(STDERR_FILENO) == 1 && !log_is_quiet()) {}

ProgressLine::~ProgressLine() { clear(); }

void ProgressLine::show(const std::string& text) {
  const auto now = std::chrono::steady_clock::now();
  if (!visible_ || now - last_ < kInterval) return;
  last_ = now;
  shown_ = true;
  fmt::print(stderr, "{}{}", kClearLine, text);
  std::fflush(stderr);
}

void ProgressLine::clear() {
  if (!shown_) return;
  fmt::print(stderr, "{}", kClearLine);
  std::fflush(stderr);
  shown_ = false;
}

void TrainingProgress::on_step(const StepResult& result) {
  line_.show(fmt::format("epoch {}/{}  step {}/{}  {:.0f} frames/s  waiting for data {:.0f}%{}  {} left",
                         result.epoch, result.epochs, result.step, result.steps, result.frames_per_second,
                         100 * result.data_wait_fraction, gpu_text(result.gpu),
                         format_duration(result.seconds_left)));
}

void TrainingProgress::on_epoch(const EpochResult& result) {
  line_.clear();
  spdlog::info(
      "epoch {:>3}/{}  train loss {:.4f} top-1 {:.3f}  val loss {:.4f} top-1 {:.3f}  lr {:.2e}  {:.0f} "
      "frames/s  wait {:.0f}%{}  {}{}",
      result.epoch, epochs_, result.train_loss, result.train_top1, result.val_loss, result.val_top1,
      result.learning_rate, result.frames_per_second, 100 * result.data_wait_fraction, gpu_text(result.gpu),
      format_duration(result.seconds), result.best ? "  best" : "");
}

}  // namespace actrec
