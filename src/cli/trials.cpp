#include "cli/trials.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <cmath>

#include "cli/quiet_log.h"
#include "cli/resume.h"
#include "core/text.h"
#include "engine/preflight.h"
#include "engine/replay.h"

namespace actrec {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kNamesShown = 20;

std::string preflight_text(const PreflightResult& result, const Settings& settings) {
  const auto with_gradient = result.tensors - static_cast<std::int64_t>(result.without_gradient.size());
  return fmt::format(
      "the first batch: loss {:.3f} (ln K = {:.3f}), a gradient in {} of {} parameters; memory about {:.2f} "
      "GB "
      "({:.1f} available), checkpoints {:.3f} GB ({:.1f} free); {} of {:.0f} ms an epoch, {} for {} where "
      "nothing "
      "waits for data",
      result.loss, result.uniform_loss, with_gradient, result.tensors, result.memory_bytes / 1e9,
      result.memory_available / 1e9, result.disk_bytes / 1e9, result.disk_available / 1e9,
      format_count(result.steps, "step"), 1e3 * result.step_seconds, format_duration(result.seconds),
      format_count(settings.train.epochs, "epoch"));
}

std::string names(std::vector<std::string> list) {
  if (list.size() > kNamesShown) {
    const std::size_t more = list.size() - kNamesShown;
    list.resize(kNamesShown);
    list.push_back(fmt::format("and {} more", more));
  }
  return join(list, ", ");
}

void print(const ReplayedBatch& batch) {
  fmt::print("step {}: loss {:.6g}\n", batch.step, batch.loss);
  for (std::size_t i = 0; i < batch.clips.size(); ++i)
    fmt::print("  {:>12.6g}  {}\n", batch.losses[i], batch.clips[i]);
  if (!batch.features_are_finite) {
    fmt::print("  the encoder's features are not finite\n");
  } else if (!batch.logits_are_finite) {
    fmt::print("  the features are finite, the logits are not\n");
  }
}

}  // namespace

void log_preflight(const Settings& settings, const DataSplits& splits, const fs::path& output) {
  PreflightResult result;
  {
    const QuietLog quiet;
    result = preflight(settings, splits, output);
  }
  spdlog::info("{}", preflight_text(result, settings));
  for (const std::string& warning : warnings(result)) spdlog::warn("{}", warning);
}

ExitCode dry_run(const RunArguments& arguments, const std::string& wanted_output) {
  Settings settings = settings_of(arguments);
  const DataSplits splits = load_splits(settings);
  warn_about_flips(settings, splits.classes);
  choose_cache(settings, splits);
  const fs::path output = absolute_path(wanted_output.empty() ? "runs" : wanted_output);
  const PreflightResult result = preflight(settings, splits, output);
  fmt::print("{}\n", preflight_text(result, settings));
  const std::vector<std::string> problems = warnings(result);
  for (const std::string& problem : problems) spdlog::warn("{}", problem);
  fmt::print("{}\n", problems.empty() ? "ready to train" : "see the warnings before you train");
  return ExitCode::ok;
}

ExitCode overfit(const RunArguments& arguments, int clips) {
  Settings settings = settings_of(arguments);
  const DataSplits splits = load_splits(settings);
  choose_cache(settings, splits);
  const OverfitResult result = overfit_batch(settings, splits, clips);
  fmt::print("{}: loss {:.4f} -> {:.4f} in {}, top-1 {:.3f}\n", format_count(result.clips, "clip"),
             result.first_loss, result.last_loss, format_count(result.steps, "step"), result.top1);
  if (result.works) {
    fmt::print("works: the model can learn them by heart\n");
    return ExitCode::ok;
  }
  throw Error(
      "the model cannot learn this batch by heart",
      std::isfinite(result.last_loss)
          ? "try another train.learning_rate; look at the labels, at clip.size, and at what of the model "
            "may learn (model.encoder.trainable)"
          : "the loss is not finite: lower train.learning_rate");
}

ExitCode replay_step(const fs::path& file) {
  const TrainingState state = read_training_state(file);
  const DataSplits splits = load_splits(state.info.settings);
  require_same_clips(state, splits, file);
  const ReplayResult result = replay(state, splits, file);
  fmt::print("epoch {}\n", result.epoch);
  for (const ReplayedBatch& batch : result.batches) print(batch);
  fmt::print("gradient norm {:.6g}\n", result.gradient_norm);
  if (!result.bad_weights.empty()) fmt::print("not finite before the step: {}\n", names(result.bad_weights));
  if (!result.bad_gradients.empty()) fmt::print("gradient not finite: {}\n", names(result.bad_gradients));
  fmt::print("{}\n", result.is_finite() ? "loss and gradient are finite here: this machine does not repeat it"
                                        : "repeated: loss or gradient is not finite");
  return ExitCode::ok;
}

}  // namespace actrec
