#include "engine/ablation.h"

#include <algorithm>
#include <numeric>

#include "core/random.h"
#include "engine/metrics.h"

namespace actrec {
namespace {

// Frame features of one frame [B, 1, D], repeated to as many frames as a clip has.
torch::Tensor repeat(const torch::Tensor& frame, std::int64_t frames) {
  return frame.expand({-1, frames, -1}).contiguous();
}

std::vector<std::size_t> predictions(const torch::Tensor& logits) {
  const torch::Tensor rows = logits.to(torch::kCPU).contiguous();
  std::vector<std::size_t> classes;
  for (std::int64_t i = 0; i < rows.size(0); ++i)
    classes.push_back(predicted_class(rows[i].data_ptr<float>(), static_cast<std::size_t>(rows.size(1))));
  return classes;
}

}  // namespace

bool direction_is_in_pixels(const ClipSettings& clip) { return clip.motion != MotionInput::none; }

torch::Tensor turn_motion_images(const torch::Tensor& images) {
  // A difference d is 128 + 2d in the image; 0 and 255 stand for all that lies beyond.
  const torch::Tensor turned = (256 - images.flip({4}).to(torch::kInt16)).clamp(0, 255);
  return torch::where(turned == 1, torch::zeros_like(turned), turned).to(torch::kUInt8);
}

AblationMeter::AblationMeter(std::vector<std::string> classes, const Settings& settings)
    : classes_(std::move(classes)),
      seed_(settings.train.seed),
      encodes_twice_(direction_is_in_pixels(settings.clip)),
      clips_of_class_(classes_.size()) {}

ClipFeatures AblationMeter::encode(Recogniser& model, const torch::Tensor& pixels) const {
  const torch::Tensor forwards = model.encode(pixels);
  return {forwards, encodes_twice_ ? model.encode(turn_motion_images(pixels)) : forwards};
}

torch::Tensor AblationMeter::shuffle(const torch::Tensor& features,
                                     const std::vector<const ClipRef*>& clips) const {
  std::vector<torch::Tensor> shuffled;
  for (std::size_t i = 0; i < clips.size(); ++i) {
    std::vector<std::int64_t> order(static_cast<std::size_t>(features.size(1)));
    std::iota(order.begin(), order.end(), std::int64_t{0});
    KeyedRandom(seed_, Purpose::frame_order, 0, stable_hash(clips[i]->name)).shuffle(order);
    shuffled.push_back(features[static_cast<std::int64_t>(i)].index_select(
        0, torch::tensor(order, torch::kInt64).to(features.device())));
  }
  return torch::stack(shuffled);
}

void AblationMeter::add(Recogniser& model, const ClipFeatures& features,
                        const std::vector<const ClipRef*>& clips, const torch::Tensor& logits) {
  torch::NoGradGuard no_grad;
  const std::int64_t frames = features.forwards.size(1);
  const std::vector<std::size_t> before = predictions(logits);
  const auto compare = [&](const torch::Tensor& changed, Count& count) {
    const std::vector<std::size_t> after = predictions(model.classify(changed));
    for (std::size_t i = 0; i < clips.size(); ++i) {
      const auto label = static_cast<std::size_t>(clips[i]->label);
      count.hits += after[i] == label ? 1 : 0;
      count.lost += before[i] == label && after[i] != label ? 1 : 0;
      count.gained += before[i] != label && after[i] == label ? 1 : 0;
    }
    return after;
  };
  compare(repeat(features.forwards.narrow(1, frames / 2, 1), frames), single_frame_);
  compare(repeat(features.forwards.mean(1, true), frames), mean_frame_);
  compare(shuffle(features.forwards, clips), shuffled_);
  const std::vector<std::size_t> reversed = compare(features.backwards.flip({1}), reversed_);
  for (std::size_t i = 0; i < clips.size(); ++i) {
    if (reversed[i] != before[i]) ++changes_[{before[i], reversed[i]}];
    const auto label = static_cast<std::size_t>(clips[i]->label);
    hits_ += before[i] == label ? 1 : 0;
    ++clips_of_class_[label];
    ++clips_;
  }
}

InputTest AblationMeter::test_of(const Count& count) const {
  const auto clips = static_cast<double>(std::max<std::int64_t>(clips_, 1));
  return {static_cast<double>(count.hits) / clips, count.lost, count.gained};
}

AblationResult AblationMeter::result(const std::vector<std::int64_t>& train_clips) const {
  AblationResult result;
  result.top1 = test_of({hits_, 0, 0}).top1;
  result.single_frame = test_of(single_frame_);
  result.mean_frame = test_of(mean_frame_);
  result.reversed = test_of(reversed_);
  result.shuffled = test_of(shuffled_);
  if (train_clips.size() == classes_.size()) {
    const auto majority = static_cast<std::size_t>(std::max_element(train_clips.begin(), train_clips.end()) -
                                                   train_clips.begin());
    result.majority_class = test_of({clips_of_class_[majority], 0, 0}).top1;
    result.majority_name = classes_[majority];
  }
  for (const auto& [change, clips] : changes_) {
    result.changed += clips;
    if (clips <= result.change_clips) continue;
    result.change_clips = clips;
    result.change_from = classes_[change.first];
    result.change_to = classes_[change.second];
  }
  return result;
}

}  // namespace actrec
