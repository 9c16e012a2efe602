#include "engine/ablation.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "core/random.h"
#include "engine/metrics.h"

namespace actrec {
namespace {

// Frame features of one frame [B, 1, D], repeated to as many frames as a clip has.
torch::Tensor repeat(const torch::Tensor& frame, std::int64_t frames) {
  return frame.expand({-1, frames, -1}).contiguous();
}

void most_frequent_first(std::vector<PredictionChange>& changes) {
  std::stable_sort(changes.begin(), changes.end(),
                   [](const PredictionChange& a, const PredictionChange& b) { return a.clips > b.clips; });
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
  const std::int64_t frames = features.size(1);
  const torch::Tensor orders = torch::empty(
      {features.size(0), frames, 1}, torch::TensorOptions(torch::kInt64).pinned_memory(features.is_cuda()));
  auto* order = orders.data_ptr<std::int64_t>();
  for (const ClipRef* const clip : clips) {
    std::vector<std::int64_t> of_clip(static_cast<std::size_t>(frames));
    std::iota(of_clip.begin(), of_clip.end(), std::int64_t{0});
    KeyedRandom(seed_, Purpose::frame_order, 0, stable_hash(clip->name)).shuffle(of_clip);
    order = std::copy(of_clip.begin(), of_clip.end(), order);
  }
  return features.gather(1, orders.to(features.device(), true).expand_as(features));
}

void AblationMeter::add(Recogniser& model, const ClipFeatures& features,
                        const std::vector<const ClipRef*>& clips, const torch::Tensor& logits) {
  torch::NoGradGuard no_grad;
  const torch::Tensor& forwards = features.forwards;
  const std::int64_t frames = forwards.size(1);
  logits_.push_back(
      torch::stack({logits, model.classify(repeat(forwards.narrow(1, frames / 2, 1), frames)),
                    model.classify(repeat(forwards.mean(1, true), frames)),
                    model.classify(shuffle(forwards, clips)), model.classify(features.backwards.flip({1}))},
                   1));
  for (const ClipRef* const clip : clips) labels_.push_back(static_cast<std::size_t>(clip->label));
}

void AblationMeter::count_added() {
  if (logits_.empty()) return;
  const torch::Tensor all = torch::cat(std::exchange(logits_, {})).to(torch::kCPU).contiguous();
  const auto classes = static_cast<std::size_t>(all.size(2));
  const float* row = all.data_ptr<float>();
  for (const std::size_t label : std::exchange(labels_, {})) {
    const auto next = [&] { return predicted_class(std::exchange(row, row + classes), classes); };
    const std::size_t before = next();
    const auto compare = [&](Count& count) {
      const std::size_t after = next();
      count.hits += after == label ? 1 : 0;
      count.lost += before == label && after != label ? 1 : 0;
      count.gained += before != label && after == label ? 1 : 0;
      return after;
    };
    compare(single_frame_);
    compare(mean_frame_);
    compare(shuffled_);
    const std::size_t reversed = compare(reversed_);
    if (reversed != before) ++changes_[{before, reversed}];
    hits_ += before == label ? 1 : 0;
    ++clips_of_class_[label];
    ++clips_;
  }
}

void AblationMeter::add_up(ProcessGroup& group) {
  count_added();
  std::vector<std::int64_t*> counts{&clips_, &hits_};
  for (Count* const count : {&single_frame_, &mean_frame_, &reversed_, &shuffled_})
    counts.insert(counts.end(), {&count->hits, &count->lost, &count->gained});
  for (std::int64_t& clips : clips_of_class_) counts.push_back(&clips);
  torch::Tensor sums = torch::empty(static_cast<std::int64_t>(counts.size()), torch::kInt64);
  auto* const values = sums.data_ptr<std::int64_t>();
  for (std::size_t i = 0; i < counts.size(); ++i) values[i] = *counts[i];
  group.sum(sums);
  for (std::size_t i = 0; i < counts.size(); ++i) *counts[i] = values[i];

  std::vector<std::int64_t> own;  // rows of before, reversed, clips
  for (const auto& [change, clips] : std::exchange(changes_, {})) {
    own.insert(own.end(),
               {static_cast<std::int64_t>(change.first), static_cast<std::int64_t>(change.second), clips});
  }
  const torch::Tensor rows = group.gather_rows(torch::tensor(own, torch::kInt64).view({-1, 3}));
  const auto* row = rows.data_ptr<std::int64_t>();
  for (std::int64_t i = 0; i < rows.size(0); ++i, row += 3)
    changes_[{static_cast<std::size_t>(row[0]), static_cast<std::size_t>(row[1])}] += row[2];
}

InputTest AblationMeter::test_of(const Count& count) const {
  const auto clips = static_cast<double>(std::max<std::int64_t>(clips_, 1));
  return {static_cast<double>(count.hits) / clips, count.lost, count.gained};
}

AblationResult AblationMeter::result(const std::vector<std::int64_t>& train_clips) {
  count_added();
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
  for (const auto& [change, clips] : changes_)
    result.changes.push_back({classes_[change.first], classes_[change.second], clips});
  most_frequent_first(result.changes);
  return result;
}

AblationResult pool_ablations(const std::vector<EvaluationResult>& parts) {
  double clips = 0;
  for (const EvaluationResult& part : parts) clips += static_cast<double>(part.clips);
  AblationResult pooled;
  pooled.majority_class = 0;
  pooled.majority_name = parts.at(0).ablation->majority_name;
  std::map<std::pair<std::string, std::string>, std::int64_t> changes;
  for (const EvaluationResult& part : parts) {
    const AblationResult& ablation = *part.ablation;
    const double share = static_cast<double>(part.clips) / std::max(clips, 1.0);
    const auto add = [&](InputTest& to, const InputTest& test) {
      to.top1 += share * test.top1;
      to.lost += test.lost;
      to.gained += test.gained;
    };
    pooled.top1 += share * ablation.top1;
    add(pooled.single_frame, ablation.single_frame);
    add(pooled.mean_frame, ablation.mean_frame);
    add(pooled.reversed, ablation.reversed);
    add(pooled.shuffled, ablation.shuffled);
    if (!ablation.majority_class) pooled.majority_class.reset();
    if (pooled.majority_class) *pooled.majority_class += share * *ablation.majority_class;
    if (ablation.majority_name != pooled.majority_name) pooled.majority_name.clear();
    for (const PredictionChange& change : ablation.changes) changes[{change.from, change.to}] += change.clips;
  }
  for (const auto& [names, count] : changes) pooled.changes.push_back({names.first, names.second, count});
  most_frequent_first(pooled.changes);
  return pooled;
}

}  // namespace actrec
