#include "report/metrics_log.h"

#include <nlohmann/json.hpp>

#include "core/atomic_file.h"

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

}  // namespace actrec
