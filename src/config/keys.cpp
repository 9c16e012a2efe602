#include "config/keys.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/walk.h"
#include "core/text.h"

namespace actrec {
namespace {

std::string leaf_of(const std::string& key) { return key.substr(key.rfind('.') + 1); }

std::string parent_of(const std::string& key) {
  const std::size_t dot = key.rfind('.');
  return dot == std::string::npos ? "" : key.substr(0, dot);
}

// Settings and sections.
std::vector<std::string> all_keys() {
  std::vector<std::string> keys;
  for (const std::string& setting : setting_keys()) {
    keys.push_back(setting);
    for (std::string section = parent_of(setting); !section.empty(); section = parent_of(section)) {
      if (std::find(keys.begin(), keys.end(), section) == keys.end()) keys.push_back(section);
    }
  }
  return keys;
}

std::size_t shared_sections(const std::string& a, const std::string& b) {
  const std::vector<std::string> left = split(parent_of(a), '.');
  const std::vector<std::string> right = split(parent_of(b), '.');
  const std::size_t shorter = std::min(left.size(), right.size());
  const auto parted = std::mismatch(left.begin(), left.begin() + static_cast<long>(shorter), right.begin());
  return static_cast<std::size_t>(parted.first - left.begin());
}

// Of the keys that end in `leaf`, those that share most sections with `key`.
std::vector<std::string> nearest_with_leaf(const std::string& key, const std::string& leaf,
                                           const std::vector<std::string>& keys) {
  std::vector<std::string> found;
  std::size_t most = 0;
  for (const std::string& candidate : keys) {
    if (leaf_of(candidate) != leaf) continue;
    const std::size_t shared = shared_sections(key, candidate);
    if (shared > most) found.clear();
    most = std::max(most, shared);
    if (shared == most) found.push_back(candidate);
  }
  return found;
}

// The word with a typing error in it, or else the first word of it alone: batch for batch_size. In words of
// three letters everything resembles everything.
std::string closest_or_longer(const std::string& leaf, const std::vector<std::string>& candidates) {
  if (leaf.size() < 4) return "";
  for (const std::string& candidate : candidates) {
    if (candidate.rfind(leaf + "_", 0) == 0) return candidate;
  }
  return closest_match(leaf, candidates);
}

std::string ask(const std::vector<std::string>& keys) {
  constexpr std::size_t kMost = 3;
  if (keys.empty() || keys.size() > kMost) return "";
  return fmt::format("did you mean '{}'?", join(keys, "' or '"));
}

}  // namespace

std::vector<std::string> setting_keys() {
  std::vector<std::string> keys;
  const Settings defaults;
  for_each_field(defaults, [&keys](const std::string& key, const auto&, const Limits&, const char*) {
    keys.push_back(key);
  });
  return keys;
}

KeyKind key_kind(const std::string& key) {
  const std::string section = key + ".";
  for (const std::string& setting : setting_keys()) {
    if (setting == key) return KeyKind::setting;
    if (setting.rfind(section, 0) == 0) return KeyKind::section;
  }
  return KeyKind::unknown;
}

std::string known_part(const std::string& key) {
  std::string known;
  for (std::size_t end = 0; end != std::string::npos;) {
    end = key.find('.', known.empty() ? 0 : known.size() + 1);
    const std::string part = key.substr(0, end);
    if (key_kind(part) == KeyKind::unknown) break;
    known = part;
  }
  return known;
}

std::string suggest_key(const std::string& key) {
  if (const std::string known = known_part(key); key_kind(known) == KeyKind::setting) return ask({known});
  const std::vector<std::string> keys = all_keys();
  const std::string leaf = leaf_of(key);
  if (std::string same = ask(nearest_with_leaf(key, leaf, keys)); !same.empty()) return same;

  std::vector<std::string> siblings;
  std::vector<std::string> leaves;
  for (const std::string& candidate : keys) {
    if (parent_of(candidate) == parent_of(key)) siblings.push_back(leaf_of(candidate));
    leaves.push_back(leaf_of(candidate));
  }
  const std::string sibling = closest_or_longer(leaf, siblings);
  if (!sibling.empty()) {
    return ask({parent_of(key).empty() ? sibling : fmt::format("{}.{}", parent_of(key), sibling)});
  }
  if (const std::string whole = closest_match(key, keys); !whole.empty()) return ask({whole});
  return ask(nearest_with_leaf(key, closest_or_longer(leaf, leaves), keys));
}

}  // namespace actrec
