#include "report/metrics_log.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "core/text.h"
#include "log_capture.h"
#include "temporary_directory.h"

namespace actrec {
namespace {

TEST(MetricsLog, WritesALineAnEpochWithAllDigits) {
  TemporaryDirectory directory;
  MetricsLog log(directory.path());
  EpochResult result;
  for (int epoch = 1; epoch <= 2; ++epoch) {
    result.epoch = epoch;
    result.train_loss = 1.0 / 3 / epoch;
    result.val_top1 = 0.5;
    log.on_epoch(result);
  }
  const auto lines = split(read_file(directory / "metrics.jsonl"), '\n');
  ASSERT_EQ(lines.size(), 3u);  // two lines and what follows the last line end
  for (int epoch = 1; epoch <= 2; ++epoch) {
    const auto line = nlohmann::json::parse(lines[static_cast<std::size_t>(epoch) - 1]);
    EXPECT_EQ(line.at("epoch"), epoch);
    EXPECT_EQ(line.at("train_loss").get<double>(), 1.0 / 3 / epoch);
    for (const char* key : {"train_top1", "val_loss", "val_top1", "learning_rate", "seconds",
                            "frames_per_second", "data_wait_fraction", "peak_rss_mb"}) {
      EXPECT_TRUE(line.contains(key)) << key;
    }
  }
  const auto rows = split(read_file(directory / "metrics.csv"), '\n');
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_EQ(rows[0],
            "epoch,train_loss,train_top1,val_loss,val_top1,learning_rate,seconds,frames_per_second,"
            "data_wait_fraction,peak_rss_mb");
  EXPECT_EQ(split(rows[2], ',').size(), 10u);
  EXPECT_EQ(std::stod(split(rows[2], ',')[1]), 1.0 / 6);
}

TEST(ReadMetrics, GivesBackTheEpochsUpToDamage) {
  TemporaryDirectory directory;
  EXPECT_TRUE(read_metrics(directory / "metrics.jsonl").empty());
  MetricsLog log(directory.path());
  EpochResult result;
  for (int epoch = 1; epoch <= 2; ++epoch) {
    result.epoch = epoch;
    result.val_loss = 1.0 / 3 / epoch;
    log.on_epoch(result);
  }
  const std::vector<EpochResult> epochs = read_metrics(directory / "metrics.jsonl");
  ASSERT_EQ(epochs.size(), 2u);
  EXPECT_EQ(epochs[1].epoch, 2);
  EXPECT_EQ(epochs[1].val_loss, 1.0 / 6);

  std::ofstream(directory / "metrics.jsonl", std::ios::app) << "{\"epoch\": 3, \"train_loss\"";
  const testing::LogCapture log_text;
  EXPECT_EQ(read_metrics(directory / "metrics.jsonl").size(), 2u);
  EXPECT_NE(log_text.text().find("damaged after epoch 2"), std::string::npos) << log_text.text();
}

}  // namespace
}  // namespace actrec
