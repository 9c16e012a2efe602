#include "report/tensorboard.h"

#include <fmt/format.h>

#include "report/confusion_image.h"
#include "report/contact_sheet.h"
#include "report/report.h"

namespace actrec {
namespace {

constexpr std::size_t kMostStrips = 8;
constexpr int kHeight = 96;  // of a frame

}  // namespace

TensorBoardLog::TensorBoardLog(std::filesystem::path directory, FramesOf frames_of)
    : directory_(std::move(directory)), frames_of_(std::move(frames_of)) {}

void TensorBoardLog::on_epoch(const EpochResult& result) {
  if (!events_) events_.emplace(directory_);
  const auto add = [&](const char* tag, double value) { events_->add_scalar(tag, result.epoch, value); };
  add("loss/train", result.train_loss);
  add("loss/val", result.val_loss);
  add("top1/train", result.train_top1);
  add("top1/val", result.val_top1);
  add("learning_rate", result.learning_rate);
  add("speed/frames_per_second", result.frames_per_second);
  add("speed/data_wait_fraction", result.data_wait_fraction);
  add("speed/seconds", result.seconds);
  add("memory/peak_rss_mb", result.peak_rss_mb);
  if (result.gpu.memory_mb > 0) {
    add("speed/gpu_busy_fraction", result.gpu.busy_fraction);
    add("memory/gpu_mb", result.gpu.memory_mb);
  }
  events_->flush();
}

void TensorBoardLog::on_best_epoch(const EpochResult& result, const EvaluationResult& validation) {
  events_->add_image("val/confusion", result.epoch, confusion_png(validation));
  std::vector<SheetRow> rows;
  for (const std::size_t clip : confident_mistakes(validation, kMostStrips)) {
    const ClipPrediction& one = validation.predictions[clip];
    const auto name_of = [&](std::int64_t k) { return validation.classes[static_cast<std::size_t>(k)]; };
    rows.push_back({fmt::format("{} -> {} {:.0f} %  {}", name_of(one.label), name_of(one.prediction),
                                100 * one.confidence(), one.name),
                    decode_images(frames_of_(one.name))});
  }
  if (!rows.empty()) events_->add_image("val/mistakes", result.epoch, contact_sheet(rows, kHeight));
  events_->flush();
}

}  // namespace actrec
