#include "report/metrics_log.h"

#include <nlohmann/json.hpp>

#include "core/atomic_file.h"

namespace actrec {

MetricsLog::MetricsLog(std::filesystem::path directory) : directory_(std::move(directory)) {}

void MetricsLog::on_epoch(const EpochResult& result) {
  const nlohmann::ordered_json line = {{"epoch", result.epoch},
                                       {"train_loss", result.train_loss},
                                       {"train_top1", result.train_top1},
                                       {"val_loss", result.val_loss},
                                       {"val_top1", result.val_top1},
                                       {"learning_rate", result.learning_rate},
                                       {"seconds", result.seconds},
                                       {"frames_per_second", result.frames_per_second},
                                       {"data_wait_fraction", result.data_wait_fraction},
                                       {"peak_rss_mb", result.peak_rss_mb}};
  std::string header, row;
  for (const auto& [name, value] : line.items()) {
    header += (header.empty() ? "" : ",") + name;
    row += (row.empty() ? "" : ",") + value.dump();
  }
  if (csv_.empty()) csv_ = header + "\n";
  csv_ += row + "\n";
  jsonl_ += line.dump() + "\n";
  write_file_atomically(directory_ / "metrics.jsonl", jsonl_);
  write_file_atomically(directory_ / "metrics.csv", csv_);
}

}  // namespace actrec
