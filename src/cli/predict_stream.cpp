#include "cli/predict_stream.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "core/text.h"
#include "data/live_video.h"

namespace actrec {
namespace {

std::string decision_line(const StreamDecision& decision) {
  nlohmann::ordered_json top = nlohmann::ordered_json::array();
  for (const LabelProbability& guess : decision.top)
    top.push_back({{"label", guess.label}, {"probability", guess.probability}});
  const nlohmann::ordered_json json = {{"time_seconds", decision.time_seconds},
                                       {"frame", decision.frame},
                                       {"label", decision.top.front().label},
                                       {"probability", decision.top.front().probability},
                                       {"top", top},
                                       {"latency_seconds", decision.latency_seconds},
                                       {"dropped", decision.dropped}};
  return json.dump() + '\n';
}

std::string summary_text(const StreamSummary& summary) {
  const double seconds = std::max(summary.seconds, 1e-9);
  const double count = static_cast<double>(std::max<std::int64_t>(1, summary.decisions));
  return fmt::format("{} in {}, {:.1f} x real time: {}, latency {:.0f} ms, at most {:.0f} ms; {} dropped",
                     format_count(summary.frames, "frame"), format_duration(summary.seconds),
                     summary.video_seconds / seconds, format_count(summary.decisions, "decision"),
                     1000 * summary.latency_sum / count, 1000 * summary.latency_max,
                     format_count(summary.dropped, "frame"));
}

}  // namespace

ExitCode predict_stream_verb(const Checkpoint& checkpoint, const std::string& input, double idle_seconds,
                             StreamOptions options) {
  options.drop_late = options.drop_late || is_live(input);
  const StreamSummary summary = predict_stream(
      checkpoint, open_live_video(input, idle_seconds), options, [](const StreamDecision& decision) {
        const std::string line = decision_line(decision);
        std::fwrite(line.data(), 1, line.size(), stdout);
        if (std::fflush(stdout) != 0) throw Error("cannot write to stdout", "whoever reads it has gone");
      });
  spdlog::info("{}", summary_text(summary));
  if (summary.interrupted) throw Interrupted();
  return ExitCode::ok;
}

}  // namespace actrec
