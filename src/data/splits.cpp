#include "data/splits.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>

#include "core/error.h"
#include "core/random.h"
#include "core/text.h"
#include "data/stratify.h"

namespace actrec {
namespace {

enum Part { kTrain, kVal, kTest };
constexpr std::array<const char*, 3> kNames{"train", "val", "test"};

constexpr const char* kHowToGroup =
    "groups come from a column 'group' in a CSV list, or from data.split.group_pattern, which finds them in "
    "the paths";

// The random streams of the divisions that one call may draw.
enum Stream : std::uint32_t { kDivision, kValidation };

struct Division {
  std::vector<int> parts;  // of each clip of the index
  std::string method;
  bool random = false;
};

class Divider {
 public:
  Divider(const DatasetIndex& index, const SplitSettings& settings, std::uint64_t seed)
      : index_(index), settings_(settings), seed_(seed) {
    std::map<std::string, int> numbers;
    for (const ClipRef& clip : index.clips) numbers.emplace(clip.group, 0);
    has_groups_ = !index.clips.empty() && numbers.count("") == 0;
    int next = 0;
    for (auto& [group, number] : numbers) number = next++;
    for (const ClipRef& clip : index.clips) {
      labels_.push_back(clip.label);
      groups_.push_back(numbers.at(clip.group));
    }
  }

  Division divide() const {
    const SplitBy by = resolve();
    if (settings_.folds > 0) return by == SplitBy::group ? folds_by_group() : random_folds();
    if (by == SplitBy::given) return given();
    return by == SplitBy::group ? by_group() : by_clip();
  }

 private:
  // What `auto` stands for, once it is known that the data can be divided so.
  SplitBy resolve() const {
    switch (settings_.by) {
      case SplitBy::given:
        if (!index_.has_splits) {
          throw DataError("data.split.by is given, but the data set names no splits",
                          "give them as folders or a column 'split', or set data.split.by to auto");
        }
        return SplitBy::given;
      case SplitBy::group:
        if (!has_groups_) throw DataError("data.split.by is group, but no groups are known", kHowToGroup);
        return SplitBy::group;
      case SplitBy::random:
        return SplitBy::random;
      case SplitBy::automatic:
        break;
    }
    if (index_.has_splits && settings_.folds == 0) return SplitBy::given;
    return has_groups_ ? SplitBy::group : SplitBy::random;
  }

  KeyedRandom stream(Stream which) const { return {seed_, Purpose::split, which}; }

  Division given() const {
    Division division;
    division.method =
        index_.official_split > 0 ? fmt::format("official split {}", index_.official_split) : "as given";
    std::array<std::size_t, 3> sizes{};
    for (const ClipRef& clip : index_.clips) {
      const auto name = std::find(kNames.begin(), kNames.end(), clip.split);
      if (name == kNames.end())
        throw DataError(fmt::format("'{}' is in no split", clip.name), "give every clip a split");
      division.parts.push_back(static_cast<int>(name - kNames.begin()));
      ++sizes[static_cast<std::size_t>(division.parts.back())];
    }
    if (has_groups_) check_leaks(division.parts);
    if (sizes[kVal] == 0) {
      take_validation(division);
      // Nothing but these clips is left to report on.
      division.random = sizes[kTest] == 0 && !has_groups_;
      if (division.random) division.method += ": RANDOM SPLIT";
    }
    return division;
  }

  void check_leaks(const std::vector<int>& parts) const {
    std::map<std::string, std::size_t> first;  // a clip of each group
    std::set<std::string> leaking;
    std::string example;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const auto [found, is_new] = first.emplace(index_.clips[i].group, i);
      if (parts[found->second] == parts[i] || !leaking.insert(found->first).second || leaking.size() > 1)
        continue;
      example = fmt::format("group '{}' is in {} ('{}') and in {} ('{}')", found->first,
                            kNames[static_cast<std::size_t>(parts[found->second])],
                            index_.clips[found->second].name, kNames[static_cast<std::size_t>(parts[i])],
                            index_.clips[i].name);
    }
    if (leaking.empty()) return;
    const std::string all = format_count(static_cast<std::int64_t>(leaking.size()), "group");
    // A published protocol is kept to: HMDB51's splits keep sources apart within a class only.
    if (index_.official_split > 0) {
      spdlog::info("official split {}: {} in more than one split, as published", index_.official_split, all);
    } else if (settings_.by == SplitBy::given) {
      spdlog::warn("LEAK: the given splits share {}, so results may be too good: {}", all, example);
    } else {
      throw DataError(
          fmt::format("the given splits share {}: {}", all, example),
          "data.split.by=group divides by group; data.split.by=given keeps the given splits all the same");
    }
  }

  // Moves a share of the training clips to validation.
  void take_validation(Division& division) const {
    check_validation_share();
    std::vector<std::size_t> items;
    std::vector<int> labels, groups;
    for (std::size_t i = 0; i < division.parts.size(); ++i) {
      if (division.parts[i] != kTrain) continue;
      items.push_back(i);
      labels.push_back(labels_[i]);
      groups.push_back(groups_[i]);
    }
    std::vector<int> taken;
    if (has_groups_) {
      taken = stratify_groups(labels, renumber(groups), {1 - settings_.val, settings_.val}, true,
                              stream(kValidation));
    } else {
      taken = stratify_clips(labels, settings_.val, 0, stream(kValidation));
    }
    for (std::size_t i = 0; i < items.size(); ++i) division.parts[items[i]] = taken[i] == 0 ? kTrain : kVal;
    division.method += fmt::format(", val from train {}", has_groups_ ? "by group" : "at random");
  }

  static std::vector<int> renumber(std::vector<int> numbers) {
    std::vector<int> values = numbers;
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    for (int& number : numbers) {
      number = static_cast<int>(std::lower_bound(values.begin(), values.end(), number) - values.begin());
    }
    return numbers;
  }

  // Throws if the groups cannot fill that many parts.
  void check_group_count(int parts, const std::string& what) const {
    const int groups = groups_.empty() ? 0 : *std::max_element(groups_.begin(), groups_.end()) + 1;
    if (groups >= parts) return;
    throw DataError(fmt::format("{} cannot make {}", format_count(groups, "group"), what),
                    "take fewer parts, or data.split.by=random, with results that may be too good");
  }

  void check_validation_share() const {
    if (settings_.val > 0) return;
    throw ConfigError(
        "data.split.val: 0 leaves no clips to validate with",
        "give the share of the clips to validate with, 0.15 say, or name a val split in the data");
  }

  Division by_group() const {
    check_validation_share();
    check_group_count(settings_.test > 0 ? 3 : 2,
                      settings_.test > 0 ? "train, val and test" : "train and val");
    const std::vector<double> shares{1 - settings_.val - settings_.test, settings_.val, settings_.test};
    return {stratify_groups(labels_, groups_, shares, true, stream(kDivision)), "by group", false};
  }

  Division by_clip() const {
    check_validation_share();
    return {stratify_clips(labels_, settings_.val, settings_.test, stream(kDivision)), "RANDOM SPLIT", true};
  }

  Division folds_by_group() const {
    check_group_count(settings_.folds, fmt::format("{} folds", settings_.folds));
    const std::vector<double> shares(static_cast<std::size_t>(settings_.folds), 1.0 / settings_.folds);
    return from_folds(stratify_groups(labels_, groups_, shares, false, stream(kDivision)), "by group", false);
  }

  Division random_folds() const {
    if (index_.clips.size() < static_cast<std::size_t>(settings_.folds)) {
      throw DataError(
          fmt::format("{} cannot make {} folds", format_count(static_cast<int>(index_.clips.size()), "clip"),
                      settings_.folds),
          "take fewer folds");
    }
    return from_folds(stratify_folds(labels_, settings_.folds, stream(kDivision)), "RANDOM SPLIT", true);
  }

  Division from_folds(const std::vector<int>& folds, const char* how, bool random) const {
    Division division;
    division.method = fmt::format("fold {} of {} {}", settings_.fold + 1, settings_.folds, how);
    division.random = random;
    const int val_fold = settings_.folds == 2 ? -1 : (settings_.fold + 1) % settings_.folds;
    for (const int fold : folds) {
      division.parts.push_back(fold == settings_.fold ? kTest : fold == val_fold ? kVal : kTrain);
    }
    if (settings_.folds == 2) take_validation(division);
    return division;
  }

  const DatasetIndex& index_;
  const SplitSettings& settings_;
  std::uint64_t seed_;
  bool has_groups_ = false;
  std::vector<int> labels_, groups_;
};

std::vector<std::string> missing_classes(const std::vector<ClipRef>& clips,
                                         const std::vector<std::string>& classes) {
  std::vector<bool> seen(classes.size());
  for (const ClipRef& clip : clips) seen[static_cast<std::size_t>(clip.label)] = true;
  std::vector<std::string> missing;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    if (!seen[i]) missing.push_back(classes[i]);
  }
  return missing;
}

std::string first_names(std::vector<std::string> names) {
  constexpr std::size_t kMost = 10;
  const std::size_t more = names.size() > kMost ? names.size() - kMost : 0;
  names.resize(names.size() - more);
  return join(names, ", ") + (more > 0 ? fmt::format(" and {} more", more) : "");
}

void require_coverage(const DataSplits& splits) {
  const std::vector<std::string> untrained = missing_classes(splits.train, splits.classes);
  if (!untrained.empty()) {
    throw DataError(fmt::format("no training clips ({}) for {}", splits.method, first_names(untrained)),
                    "add clips or groups of these classes, or remove them");
  }
  if (splits.val.empty()) {
    throw DataError(fmt::format("no clips are left to validate with ({})", splits.method),
                    "add clips or groups, name a val split, or raise data.split.val");
  }
}

void warn_about(const DataSplits& splits) {
  for (const char* name : {"val", "test"}) {
    const std::vector<ClipRef>& clips = splits.split(name);
    const std::vector<std::string> missing = missing_classes(clips, splits.classes);
    if (!clips.empty() && !missing.empty())
      spdlog::warn("the {} split has no clips of {}", name, first_names(missing));
  }
  if (splits.random) {
    spdlog::warn(
        "RANDOM SPLIT: clips are divided one by one, so results may be too good when clips share a recording "
        "or a person; {}",
        kHowToGroup);
  }
}

}  // namespace

const std::vector<ClipRef>& DataSplits::split(const std::string& name) const {
  if (name == "train") return train;
  if (name == "val") return val;
  if (name == "test") return test;
  const std::string match = did_you_mean(name, {kNames.begin(), kNames.end()});
  throw ConfigError("there is no split '" + name + "'",
                    match.empty() ? "splits are train, val and test" : match);
}

DataSplits make_splits(const DatasetIndex& index, const SplitSettings& settings, std::uint64_t seed) {
  DataSplits splits = divide_clips(index, settings, seed);
  warn_about(splits);
  return splits;
}

DataSplits divide_clips(const DatasetIndex& index, const SplitSettings& settings, std::uint64_t seed) {
  Division division = Divider(index, settings, seed).divide();
  DataSplits splits;
  splits.classes = index.classes;
  splits.method = std::move(division.method);
  splits.random = division.random;
  for (std::size_t i = 0; i < index.clips.size(); ++i) {
    const int part = division.parts[i];
    (part == kTrain ? splits.train : part == kVal ? splits.val : splits.test).push_back(index.clips[i]);
  }
  require_coverage(splits);
  splits.fingerprint = split_fingerprint(splits);
  return splits;
}

std::string split_fingerprint(const DataSplits& splits) {
  std::vector<std::string> lines;
  for (const char* name : kNames) {
    for (const ClipRef& clip : splits.split(name)) {
      const std::string& label = splits.classes.at(static_cast<std::size_t>(clip.label));
      lines.push_back(fmt::format("{}\t{}\t{}\n", name, label, clip.name));
    }
  }
  std::sort(lines.begin(), lines.end());
  return fmt::format("{:016x}", stable_hash(join(lines, "")));
}

}  // namespace actrec
