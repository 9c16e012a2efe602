#include "report/metrics_log.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/atomic_file.h"
#include "core/error.h"
#include "core/text.h"
#include "failing_disk.h"
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
    for (const char* key :
         {"train_top1", "val_loss", "val_top1", "learning_rate", "seconds", "frames_per_second",
          "data_wait_fraction", "peak_rss_mb", "gpu_busy_fraction", "gpu_memory_mb"}) {
      EXPECT_TRUE(line.contains(key)) << key;
    }
  }
  const auto rows = split(read_file(directory / "metrics.csv"), '\n');
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_EQ(rows[0],
            "epoch,train_loss,train_top1,val_loss,val_top1,learning_rate,seconds,frames_per_second,"
            "data_wait_fraction,peak_rss_mb,gpu_busy_fraction,gpu_memory_mb");
  EXPECT_EQ(split(rows[2], ',').size(), 12u);
  EXPECT_EQ(std::stod(split(rows[2], ',')[1]), 1.0 / 6);
}

TEST(ReadMetrics, EarlierVersionsSaidNothingOfAGpu) {
  TemporaryDirectory directory;
  MetricsLog log(directory.path());
  EpochResult result;
  result.epoch = 1;
  result.gpu = {0.5, 100};
  log.on_epoch(result);
  const std::filesystem::path file = directory / "metrics.jsonl";
  EXPECT_EQ(read_metrics(file).at(0).gpu.busy_fraction, 0.5);
  EXPECT_EQ(read_metrics(file).at(0).gpu.memory_mb, 100);
  auto line = nlohmann::json::parse(read_file(file));
  line.erase("gpu_busy_fraction");
  line.erase("gpu_memory_mb");
  write_file_atomically(file, line.dump() + "\n");
  EXPECT_EQ(read_metrics(file).at(0).gpu.memory_mb, 0);
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

// Whatever a process that was killed has left of them.
TEST(MetricsLog, AResumedRunHasEachEpochOnce) {
  TemporaryDirectory whole, resumed;
  MetricsLog log(whole.path());
  std::vector<EpochResult> epochs;
  for (int epoch = 1; epoch <= 4; ++epoch) {
    EpochResult result;
    result.epoch = epoch;
    result.train_loss = 0.1 / epoch;
    epochs.push_back(result);
    log.on_epoch(result);
  }
  write_file_atomically(resumed / "metrics.jsonl",
                        read_file(whole / "metrics.jsonl") + "{\"epoch\": 5, \"tra");
  MetricsLog again(resumed.path());
  again.on_resume({epochs.begin(), epochs.begin() + 2});
  EXPECT_EQ(split(read_file(resumed / "metrics.jsonl"), '\n').size(), 3u);
  again.on_epoch(epochs[2]);
  again.on_epoch(epochs[3]);
  for (const char* name : {"metrics.jsonl", "metrics.csv"})
    EXPECT_EQ(read_file(resumed / name), read_file(whole / name));
}

TEST(MetricsLog, WhateverOperationFailsTheFilesStayWhole) {
  TemporaryDirectory directory;
  EpochResult first, second;
  first.epoch = 1;
  second.epoch = 2;
  for (int at = 1; at <= 14; ++at) {  // of 16; the last closes a directory
    MetricsLog log(directory.path());
    log.on_epoch(first);
    const std::string before = read_file(directory / "metrics.jsonl");
    const FailingDisk disk(at, ENOSPC, true);
    EXPECT_THROW(log.on_epoch(second), Error) << at;
    const std::string after = read_file(directory / "metrics.jsonl");
    EXPECT_TRUE(after == before || split(after, '\n').size() == 3) << at << after;
    EXPECT_EQ(read_file(directory / "metrics.csv").back(), '\n') << at;
  }
}

}  // namespace
}  // namespace actrec
