#include "data/leakage.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "core/error.h"
#include "core/stop_signal.h"
#include "core/text.h"
#include "core/worker_pool.h"
#include "data/content_hash.h"

namespace actrec {
namespace {

constexpr std::array<const char*, 3> kSplits{"train", "val", "test"};

struct Member {
  const ClipRef* clip = nullptr;
  int split = 0;  // in kSplits
};

Leak leak_of(LeakKind kind, const std::string& what, const Member& a, const Member& b) {
  return {kind,
          what,
          a.clip->name,
          b.clip->name,
          kSplits[static_cast<std::size_t>(a.split)],
          kSplits[static_cast<std::size_t>(b.split)]};
}

class Audit {
 public:
  Audit(const DataSplits& splits, Manifest& manifest, int threads) : manifest_(manifest), threads_(threads) {
    for (int split = 0; split < static_cast<int>(kSplits.size()); ++split) {
      for (const ClipRef& clip : splits.split(kSplits[static_cast<std::size_t>(split)]))
        members_.push_back({&clip, split});
    }
    result_.clips = static_cast<std::int64_t>(members_.size());
    result_.official = splits.method.compare(0, 8, "official") == 0;
    result_.groups_known = std::none_of(members_.begin(), members_.end(),
                                        [](const Member& member) { return member.clip->group.empty(); });
  }

  LeakAudit run() {
    find_files();
    find_contents();
    find_groups();
    find_near_duplicates();
    return std::move(result_);
  }

 private:
  // Reports the first two members of different splits, unless they share a file, which has been reported.
  void report(LeakKind kind, const std::string& what, const std::vector<Member>& members) {
    for (const Member& other : members) {
      if (other.split == members[0].split) continue;
      if (kind == LeakKind::content && file_of_.at(other.clip) == file_of_.at(members[0].clip)) continue;
      result_.leaks.push_back(leak_of(kind, what, members[0], other));
      return;
    }
  }

  void find_files() {
    std::map<std::pair<dev_t, ino_t>, std::vector<Member>> files;
    for (const Member& member : members_) {
      struct stat status = {};
      if (::stat(member.clip->path.c_str(), &status) != 0) continue;
      file_of_[member.clip] = {status.st_dev, status.st_ino};
      files[{status.st_dev, status.st_ino}].push_back(member);
    }
    for (const auto& [file, members] : files) {
      const bool whole = std::all_of(members.begin(), members.end(),
                                     [](const Member& member) { return member.clip->whole(); });
      report(LeakKind::file, whole ? "the same file" : "parts of one video", members);
    }
  }

  void find_contents() {
    std::map<std::string, std::vector<Member>> by_size;
    for (const Member& member : members_) {
      const std::string size = file_of_.count(member.clip) > 0 ? content_size(member.clip->path) : "";
      if (!size.empty()) by_size[size].push_back(member);
    }
    for (const auto& [size, alike] : by_size) {
      const auto elsewhere = [split = alike[0].split](const Member& member) { return member.split != split; };
      const bool crosses = std::any_of(alike.begin(), alike.end(), elsewhere);
      if (!crosses) continue;
      std::map<std::string, std::vector<Member>> by_hash;
      for (const Member& member : alike) {
        const std::string hash = hash_of(*member.clip);
        if (!hash.empty()) by_hash[hash].push_back(member);
      }
      for (const auto& [hash, members] : by_hash) report(LeakKind::content, "the same content", members);
    }
  }

  std::string hash_of(const ClipRef& clip) {
    const ClipFacts* const facts = manifest_.find(clip);
    if (facts != nullptr && !facts->content_hash.empty()) return facts->content_hash;
    const auto file = file_of_.find(&clip);
    if (file == file_of_.end()) return "";
    std::string& hash = hashes_[file->second];  // parts of a video are one file
    if (!hash.empty()) return hash;
    try {
      hash = content_hash(clip.path);
    } catch (const DataError&) {
      // Whoever decodes it will say so.
    }
    return hash;
  }

  void find_groups() {
    std::map<std::string, std::vector<Member>> groups;
    for (const Member& member : members_) {
      if (!member.clip->group.empty()) groups[member.clip->group].push_back(member);
    }
    for (const auto& [group, members] : groups) report(LeakKind::group, group, members);
  }

  struct Look {
    Member member;
    LookAlike look, mirrored;
  };

  void find_near_duplicates() {
    std::vector<Look> looks;
    for (const Member& member : members_) {
      const ClipFacts* const facts = manifest_.find(*member.clip);
      if (facts == nullptr) continue;
      ++result_.looked_at;
      if (facts->look) looks.push_back({member, LookAlike(*facts->look), LookAlike(facts->look->mirrored())});
    }
    std::mutex mutex;
    std::vector<std::pair<std::size_t, std::size_t>> pairs;
    parallel_for(threads_, looks.size(), [&](std::size_t i) {
      if (stop_requested()) throw Interrupted();
      for (std::size_t j = i + 1; j < looks.size(); ++j) {
        if (looks[i].member.split == looks[j].member.split) continue;
        if (!looks[i].look.is_near_duplicate(looks[j].look) &&
            !looks[i].look.is_near_duplicate(looks[j].mirrored))
          continue;
        const std::lock_guard lock(mutex);
        pairs.emplace_back(i, j);
      }
    });
    std::sort(pairs.begin(), pairs.end());
    for (const auto& [i, j] : pairs) {
      // What shares its content looks alike, too.
      const std::string hash = hash_of(*looks[i].member.clip);
      if (!hash.empty() && hash == hash_of(*looks[j].member.clip)) continue;
      const bool mirrored = !looks[i].look.is_near_duplicate(looks[j].look);
      result_.leaks.push_back(leak_of(
          LeakKind::near_duplicate, mirrored ? "one looks like the other's mirror image" : "they look alike",
          looks[i].member, looks[j].member));
    }
  }

  Manifest& manifest_;
  int threads_;
  std::vector<Member> members_;
  std::unordered_map<const ClipRef*, std::pair<dev_t, ino_t>> file_of_;
  std::map<std::pair<dev_t, ino_t>, std::string> hashes_;
  LeakAudit result_;
};

}  // namespace

LeakAudit audit_splits(const DataSplits& splits, Manifest& manifest, int threads) {
  return Audit(splits, manifest, threads).run();
}

bool LeakAudit::leaking() const {
  return std::any_of(leaks.begin(), leaks.end(),
                     [&](const Leak& leak) { return leak.kind != LeakKind::group || !official; });
}

std::string LeakAudit::verdict() const {
  std::array<std::int64_t, 4> counts{};
  for (const Leak& leak : leaks) ++counts[static_cast<std::size_t>(leak.kind)];
  const auto count = [&](LeakKind kind) { return counts[static_cast<std::size_t>(kind)]; };
  std::vector<std::string> found;
  if (count(LeakKind::file) > 0) found.push_back(format_count(count(LeakKind::file), "file"));
  if (count(LeakKind::content) > 0) found.push_back(format_count(count(LeakKind::content), "content"));
  if (count(LeakKind::group) > 0 && !official) found.push_back(format_count(count(LeakKind::group), "group"));
  if (count(LeakKind::near_duplicate) > 0)
    found.push_back(format_count(count(LeakKind::near_duplicate), "near-duplicate"));
  if (!found.empty()) return "LEAK: " + join(found, ", ") + " in two splits";

  std::string text = "none found: compared files, contents";
  if (groups_known) text += ", groups";
  if (looked_at > 0) text += ", near-duplicates";
  if (looked_at > 0 && looked_at < clips) text += fmt::format(" ({} of {} clips)", looked_at, clips);
  if (!groups_known) text += "; groups are not known";
  if (count(LeakKind::group) > 0)
    text += fmt::format("; {} in two splits, as published", format_count(count(LeakKind::group), "group"));
  return text;
}

std::string leak_text(const Leak& leak) {
  const std::string what = leak.kind == LeakKind::group ? fmt::format("group '{}'", leak.what) : leak.what;
  return fmt::format("{}: '{}' ({}) and '{}' ({})", what, leak.first, leak.first_split, leak.second,
                     leak.second_split);
}

}  // namespace actrec
