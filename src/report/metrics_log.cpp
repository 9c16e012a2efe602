#include "report/metrics_log.h"

#include <spdlog/spdlog.h>

#include <nlohmann/json.hpp>

#include "core/atomic_file.h"
#include "core/text.h"

namespace actrec {

MetricsLog::MetricsLog(std::filesystem::path directory) : directory_(std::move(directory)) {}

void MetricsLog::on_resume(const std::vector<EpochResult>& epochs) {
  for (const EpochResult& result : epochs) add(result);
  write();
}

void MetricsLog::on_epoch(const EpochResult& result) {
  add(result);
  write();
}

void MetricsLog::add(const EpochResult& result) {
  nlohmann::ordered_json line;
  std::string header, row;
  visit_metrics(result, [&](const char* name, const auto& value) {
    line[name] = value;
    header += (header.empty() ? "" : ",") + std::string(name);
    row += (row.empty() ? "" : ",") + line[name].dump();
  });
  if (csv_.empty()) csv_ = header + "\n";
  csv_ += row + "\n";
  jsonl_ += line.dump() + "\n";
}

void MetricsLog::write() const {
  write_file_atomically(directory_ / "metrics.jsonl", jsonl_);
  write_file_atomically(directory_ / "metrics.csv", csv_);
}

std::vector<EpochResult> read_metrics(const std::filesystem::path& file) {
  std::vector<EpochResult> epochs;
  if (!std::filesystem::exists(file)) return epochs;
  for (const std::string& line : split(read_file(file), '\n')) {
    if (line.empty()) continue;
    try {
      const nlohmann::json json = nlohmann::json::parse(line);
      EpochResult epoch;
      epoch.epoch = json.at("epoch").get<int>();
      epoch.train_loss = json.at("train_loss").get<double>();
      epoch.train_top1 = json.at("train_top1").get<double>();
      epoch.val_loss = json.at("val_loss").get<double>();
      epoch.val_top1 = json.at("val_top1").get<double>();
      epoch.learning_rate = json.at("learning_rate").get<double>();
      epoch.seconds = json.at("seconds").get<double>();
      epoch.frames_per_second = json.at("frames_per_second").get<double>();
      epoch.data_wait_fraction = json.at("data_wait_fraction").get<double>();
      epoch.peak_rss_mb = json.at("peak_rss_mb").get<double>();
      epoch.gpu.busy_fraction = json.value("gpu_busy_fraction", 0.0);  // earlier versions had none
      epoch.gpu.memory_mb = json.value("gpu_memory_mb", 0.0);
      epochs.push_back(epoch);
    } catch (const nlohmann::json::exception&) {
      spdlog::warn("{} is damaged after epoch {}", file.string(), epochs.size());
      break;
    }
  }
  return epochs;
}

}  // namespace actrec
