#include "data/bad_clips.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace actrec {
namespace {

// Errors name the clip first; here its name stands elsewhere.
std::string without_name(const std::string& what, const std::string& name) {
  const std::string prefix = "clip '" + name + "': ";
  return what.compare(0, prefix.size(), prefix) == 0 ? what.substr(prefix.size()) : what;
}

}  // namespace

void BadClips::expect(const std::string& split, const std::vector<ClipRef>& clips) {
  const std::lock_guard lock(mutex_);
  splits_[split] = {clips.size(), 0};
  for (const ClipRef& clip : clips) split_of_[clip.name] = split;
}

void BadClips::add(const ClipRef& clip, const DataError& error) {
  const std::lock_guard lock(mutex_);
  const auto expected = split_of_.find(clip.name);
  if (expected == split_of_.end()) throw error;
  if (!skips()) {
    const std::string skip = "data.bad_videos=skip leaves such clips out";
    throw DataError(error.what(), error.hint().empty() ? skip : error.hint() + "; " + skip);
  }
  const auto [added, is_new] = bad_.try_emplace(clip.name);
  if (!is_new) return;
  BadClip& bad = added->second;
  bad = {clip.name, expected->second, without_name(error.what(), clip.name)};
  spdlog::warn("skipped clip '{}': {}", bad.name, bad.reason);
  Split& split = splits_[bad.split];
  ++split.bad;
  check_share(bad.split, split, bad.reason);
}

void BadClips::check_share(const std::string& name, const Split& split, const std::string& example) const {
  const char* const hint = "repair or remove them; `actrec check` finds all of them";
  if (split.bad == split.clips) {
    throw DataError(
        fmt::format("none of the {} {} clips can be read; the last: {}", split.clips, name, example), hint);
  }
  // 0.1 * 10 clips is a little more than 1 in binary.
  if (static_cast<double>(split.bad) <= max_fraction_ * static_cast<double>(split.clips) + 1e-9) return;
  throw DataError(fmt::format("{} of {} {} clips cannot be read, more than data.max_bad_fraction, {}; the "
                              "last: {}",
                              split.bad, split.clips, name, max_fraction_, example),
                  fmt::format("{}; or raise data.max_bad_fraction", hint));
}

bool BadClips::contains(const ClipRef& clip) const {
  const std::lock_guard lock(mutex_);
  return bad_.count(clip.name) > 0;
}

std::vector<BadClip> BadClips::list() const {
  const std::lock_guard lock(mutex_);
  std::vector<BadClip> list;
  for (const auto& [name, bad] : bad_) list.push_back(bad);
  return list;
}

}  // namespace actrec
