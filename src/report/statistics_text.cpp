#include "report/statistics_text.h"

#include <fmt/format.h>

#include "core/text.h"

namespace actrec {
namespace {

constexpr std::int64_t kFewUnits = 10;  // with fewer, percentiles of a bootstrap are too close together

nlohmann::ordered_json to_json(const Interval& interval) { return {interval.low, interval.high}; }

}  // namespace

std::string interval_text(const Interval& interval) {
  return fmt::format("{:.4f} to {:.4f}", interval.low, interval.high);
}

std::string bootstrap_text(const Bootstrap& bootstrap) {
  const char* unit = bootstrap.by_group ? "group" : "clip";
  std::string text = fmt::format("95 % intervals: bootstrap over {}", format_count(bootstrap.units, unit));
  if (!bootstrap.by_group) return text + ": too narrow where clips share a recording or a person";
  if (bootstrap.units < kFewUnits) text += ": so few groups make them too narrow";
  return text;
}

std::string calibration_text(const Calibration& calibration) {
  if (calibration.temperature == 1) return fmt::format("{:.4f}", calibration.ece);
  return fmt::format("{:.4f} ({:.4f} before temperature {:.3g})", calibration.ece,
                     calibration.ece_uncalibrated, calibration.temperature);
}

nlohmann::ordered_json intervals_json(const ConfidenceIntervals& intervals) {
  return {{"level", 0.95},
          {"unit", intervals.bootstrap.by_group ? "group" : "clip"},
          {"units", intervals.bootstrap.units},
          {"resamples", intervals.bootstrap.resamples},
          {"top1", to_json(intervals.top1)},
          {"mean_class_accuracy", to_json(intervals.mean_class_accuracy)},
          {"macro_f1", to_json(intervals.macro_f1)}};
}

nlohmann::ordered_json calibration_json(const Calibration& calibration) {
  nlohmann::ordered_json bins = nlohmann::ordered_json::array();
  for (const ReliabilityBin& bin : calibration.bins) {
    bins.push_back({{"low", bin.low},
                    {"high", bin.high},
                    {"clips", bin.clips},
                    {"confidence", bin.confidence},
                    {"accuracy", bin.accuracy}});
  }
  return {{"temperature", calibration.temperature},
          {"ece", calibration.ece},
          {"ece_uncalibrated", calibration.ece_uncalibrated},
          {"loss", calibration.loss},
          {"bins", bins}};
}

nlohmann::ordered_json split_json(const SplitInfo& split) {
  const auto known = [](const std::string& text) {
    return text.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(text);
  };
  return {{"name", known(split.name)},        {"method", split.method},          {"random", split.random()},
          {"fingerprint", split.fingerprint}, {"leakage", known(split.leakage)}, {"data", known(split.data)}};
}

SplitInfo split_from_json(const nlohmann::ordered_json& json) {
  const auto text = [&](const char* key) {
    const nlohmann::ordered_json& value = json.at(key);
    return value.is_null() ? std::string() : value.get<std::string>();
  };
  return {text("name"), text("method"), text("fingerprint"), text("leakage"), text("data")};
}

}  // namespace actrec
