#include "engine/dataset_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>

#include "core/clock.h"
#include "core/error.h"
#include "core/stop_signal.h"
#include "core/system.h"
#include "core/text.h"
#include "core/worker_pool.h"
#include "data/clip_pipeline.h"
#include "data/leakage.h"
#include "data/manifest.h"
#include "data/mirror_classes.h"
#include "data/splits.h"
#include "engine/odd_clips.h"

namespace actrec {
namespace {

namespace fs = std::filesystem;

constexpr double kSaveSeconds = 10;
// At most this share of the time goes into saving a large manifest.
constexpr double kSaveShare = 0.05;

// Clips that lie in one video, which is decoded once.
using VideoClips = std::vector<const ClipRef*>;

class Check {
 public:
  Check(const Settings& settings, const DatasetIndex& index, const std::vector<fs::path>& manifests,
        const std::function<void(const CheckProgress&)>& progress)
      : settings_(settings),
        index_(index),
        manifests_(manifests),
        progress_(progress),
        threads_(settings.threads > 0 ? settings.threads : available_cores()),
        manifest_(manifests.empty() ? fs::path() : manifests[0]) {}

  CheckResult run() {
    divide();
    decode();
    describe();
    audit();
    result_.seconds = seconds_since(start_);
    if (!manifests_.empty()) result_.manifest = manifests_.back().string();
    for (const fs::path& file : manifests_) save(file);
    return std::move(result_);
  }

 private:
  // As training would, but given splits are kept whatever they share: the audit tells.
  void divide() {
    SplitSettings split = settings_.data.split;
    if (split.by == SplitBy::automatic && index_.has_splits && split.folds == 0) split.by = SplitBy::given;
    splits_ = divide_clips(index_, split, settings_.train.seed);
  }

  void decode() {
    std::map<std::string, VideoClips> videos;
    for (const ClipRef& clip : index_.clips) {
      if (manifest_.find(clip) == nullptr) videos[clip.path.string()].push_back(&clip);
    }
    std::vector<VideoClips> todo;
    for (auto& [path, clips] : videos) todo.push_back(std::move(clips));
    CheckProgress state;
    state.total = static_cast<std::int64_t>(todo.size());
    try {
      parallel_for(threads_, todo.size(), [&](std::size_t i) {
        if (stop_requested()) throw Interrupted();
        const std::vector<ClipFacts> facts = inspect(todo[i]);
        const std::lock_guard lock(mutex_);
        for (std::size_t k = 0; k < facts.size(); ++k) {
          state.broken += facts[k].problem.empty() ? 0 : 1;
          manifest_.set(*todo[i][k], facts[k]);
        }
        const double per_video = seconds_since(start_) / static_cast<double>(++state.done);
        state.seconds_left = per_video * static_cast<double>(state.total - state.done);
        if (progress_) progress_(state);
        save_now_and_then();
      });
    } catch (const Interrupted&) {
      if (!manifests_.empty()) save(manifests_[0]);
      throw;
    }
  }

  std::vector<ClipFacts> inspect(const VideoClips& clips) const {
    std::vector<ClipRef> parts;
    for (const ClipRef* clip : clips) parts.push_back(*clip);
    return inspect_video(parts[0].path, parts,
                         {working_size(settings_.clip), settings_.data.timeout_seconds});
  }

  void save_now_and_then() {
    if (manifests_.empty() || seconds_since(saved_) < std::max(kSaveSeconds, save_seconds_ / kSaveShare))
      return;
    const Clock::time_point start = Clock::now();
    save(manifests_[0]);
    saved_ = Clock::now();
    save_seconds_ = seconds_since(start);
  }

  void save(const fs::path& file) {
    nlohmann::ordered_json document = {{"format", "actrec manifest"}, {"data", index_path()}};
    if (result_.split) {
      document["split"] = {{"method", result_.split->method}, {"fingerprint", result_.split->fingerprint}};
      document["leakage"] = result_.split->leakage;
    }
    manifest_.write(file, std::move(document), index_.clips, index_.classes);
  }

  std::string index_path() const { return fs::absolute(settings_.data.path).lexically_normal().string(); }

  void describe() {
    result_.data = settings_.data.path.string();
    result_.format = index_.format;
    result_.classes = index_.classes;
    result_.clips = static_cast<std::int64_t>(index_.clips.size());
    result_.splits = {"train", "val", "test"};
    result_.table.assign(index_.classes.size(), std::vector<std::int64_t>(result_.splits.size()));
    std::vector<MeasuredClip> good;
    for (std::size_t k = 0; k < result_.splits.size(); ++k) {
      std::vector<const ClipFacts*> measured;
      for (const ClipRef& clip : splits_.split(result_.splits[k])) {
        ++result_.table[static_cast<std::size_t>(clip.label)][k];
        const ClipFacts* const facts = manifest_.find(clip);
        if (facts == nullptr) continue;  // changed since it was decoded
        if (!facts->problem.empty()) {
          result_.broken.push_back({clip.name, facts->problem});
          continue;
        }
        result_.frames += facts->frames;
        measured.push_back(facts);
        good.push_back({&clip, facts});
      }
      result_.lengths.push_back(lengths_of(std::move(measured)));
    }
    std::sort(result_.broken.begin(), result_.broken.end(),
              [](const SkippedClip& a, const SkippedClip& b) { return a.clip < b.clip; });
    result_.odd = find_odd_clips(good);
    warn_about_flips();
    warn_about_short_clips(good);
    warn_about_imbalance();
  }

  static ClipLengths lengths_of(std::vector<const ClipFacts*> clips) {
    ClipLengths lengths;
    lengths.clips = static_cast<std::int64_t>(clips.size());
    if (clips.empty()) return lengths;
    for (const ClipFacts* facts : clips) lengths.total_seconds += facts->seconds;
    std::sort(clips.begin(), clips.end(),
              [](const ClipFacts* a, const ClipFacts* b) { return a->frames < b->frames; });
    lengths.shortest = clips.front()->frames;
    lengths.median = clips[clips.size() / 2]->frames;
    lengths.longest = clips.back()->frames;
    std::sort(clips.begin(), clips.end(),
              [](const ClipFacts* a, const ClipFacts* b) { return a->seconds < b->seconds; });
    lengths.shortest_seconds = clips.front()->seconds;
    lengths.median_seconds = clips[clips.size() / 2]->seconds;
    lengths.longest_seconds = clips.back()->seconds;
    return lengths;
  }

  void warn_about_flips() {
    if (!settings_.augment.enabled || settings_.augment.horizontal_flip == 0) return;
    for (const auto& [one, other] : find_mirror_classes(index_.classes)) {
      result_.warnings.push_back(fmt::format(
          "a mirror image of '{}' looks like '{}', and training mirrors clips: set augment.horizontal_flip=0",
          one, other));
    }
  }

  void warn_about_short_clips(const std::vector<MeasuredClip>& clips) {
    const ClipSettings& clip = settings_.clip;
    const std::int64_t needed = clip.sampling == Sampling::dense
                                    ? std::int64_t{clip.frames - 1} * clip.stride + 1
                                    : (clip.sampling == Sampling::all ? 1 : clip.frames);
    std::int64_t count = 0;
    const ClipRef* shortest = nullptr;
    std::int64_t frames = needed;
    for (const MeasuredClip& one : clips) {
      if (one.facts->frames >= needed) continue;
      ++count;
      if (one.facts->frames >= frames) continue;
      frames = one.facts->frames;
      shortest = one.clip;
    }
    if (count == 0) return;
    static constexpr const char* kConsequences[] = {"they repeat their last frame", "they loop",
                                                    "which is an error"};
    result_.warnings.push_back(fmt::format(
        "{} {} fewer than the {} frames that sampling takes ({} with clip.short_clips={}); the "
        "shortest, '{}', has {}",
        format_count(count, "clip"), count == 1 ? "has" : "have", needed,
        kConsequences[static_cast<std::size_t>(clip.short_clips)],
        Names<ShortClips>::kSpellings[static_cast<std::size_t>(clip.short_clips)], shortest->name, frames));
  }

  void warn_about_imbalance() {
    constexpr double kImbalance = 3;
    std::size_t most = 0, fewest = 0;
    for (std::size_t k = 0; k < result_.table.size(); ++k) {
      if (result_.table[k][0] > result_.table[most][0]) most = k;
      if (result_.table[k][0] < result_.table[fewest][0]) fewest = k;
    }
    const auto largest = static_cast<double>(result_.table[most][0]);
    const auto smallest = static_cast<double>(result_.table[fewest][0]);
    if (largest <= kImbalance * smallest) return;
    result_.warnings.push_back(fmt::format(
        "classes differ much in size: '{}' has {} training clips, '{}' {}; see train.class_weights, and read "
        "mean_class_accuracy",
        index_.classes[most], largest, index_.classes[fewest], smallest));
  }

  void audit() {
    const LeakAudit audit = audit_splits(splits_, manifest_, threads_);
    result_.split = {"", splits_.method, splits_.fingerprint, audit.verdict(), ""};
    result_.leaking = audit.leaking();
    static constexpr const char* kKinds[] = {"file", "content", "group", "near_duplicate"};
    for (const Leak& leak : audit.leaks) {
      result_.leaks.push_back({kKinds[static_cast<std::size_t>(leak.kind)],
                               {leak.first, leak.second},
                               {leak.first_split, leak.second_split},
                               leak_text(leak)});
    }
  }

  const Settings& settings_;
  const DatasetIndex& index_;
  const std::vector<fs::path>& manifests_;
  const std::function<void(const CheckProgress&)>& progress_;
  int threads_;
  Manifest manifest_;
  DataSplits splits_;
  CheckResult result_;
  std::mutex mutex_;
  Clock::time_point start_ = Clock::now(), saved_ = start_;
  double save_seconds_ = 0;
};

}  // namespace

CheckResult check_dataset(const Settings& settings, const DatasetIndex& index,
                          const std::vector<fs::path>& manifests,
                          const std::function<void(const CheckProgress&)>& progress) {
  return Check(settings, index, manifests, progress).run();
}

}  // namespace actrec
