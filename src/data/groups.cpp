#include "data/groups.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <regex>

#include "core/error.h"
#include "data/video_reader.h"

namespace actrec {
namespace {

namespace fs = std::filesystem;

constexpr const char* kKey = "data.split.group_pattern";

std::regex compile(const std::string& pattern) {
  try {
    std::regex regex(pattern, std::regex::ECMAScript);
    if (regex.mark_count() > 0) return regex;
  } catch (const std::regex_error& error) {
    throw ConfigError(fmt::format("{}: '{}' is no regular expression: {}", kKey, pattern, error.what()),
                      "it takes an ECMAScript regular expression, for example person([0-9]+)");
  }
  throw ConfigError(fmt::format("{}: '{}' has no capture", kKey, pattern),
                    "put what names the group in round brackets, for example person([0-9]+)");
}

void apply_pattern(Listing& listing, const std::string& pattern) {
  const std::regex regex = compile(pattern);
  ListErrors errors;
  for (ListedClip& listed : listing.clips) {
    std::smatch match;
    try {
      std::regex_search(listed.written, match, regex);
    } catch (const std::regex_error& error) {
      throw ConfigError(
          fmt::format("{}: '{}' is too complex for '{}': {}", kKey, pattern, listed.written, error.what()));
    }
    if (match.size() > 1 && match.length(1) > 0) {
      listed.clip.group = match.str(1);
    } else {
      errors.add(listed.where, fmt::format("{} '{}' finds no group in '{}'", kKey, pattern, listed.written),
                 "the pattern must match the path of every clip, and its first capture must not be empty");
    }
  }
  errors.throw_if_any();
}

std::string name_without_extension(const ListedClip& listed) {
  const fs::path name = fs::path(listed.written).filename();
  return (has_video_extension(name) ? name.stem() : name).string();
}

// The group of a clip named as UCF101 does it, or "".
std::string ucf101_group(const ListedClip& listed) {
  static const std::regex pattern("v_(.+_g[0-9]+)_c[0-9]+");
  const std::string name = name_without_extension(listed);
  std::smatch match;
  return std::regex_match(name, match, pattern) ? match.str(1) : "";
}

// The source of a clip named as HMDB51 does it, or "". The properties are the visible part of the body,
// camera motion, number of people, viewpoint and quality.
std::string hmdb51_group(const ListedClip& listed) {
  static const std::regex properties("[a-z]_[a-z]{2}_np[0-9]+_[a-z]{2}_[a-z]{3}_[0-9]+");
  const std::string name = name_without_extension(listed);
  const std::string middle = "_" + listed.class_name + "_";
  const std::size_t at = name.rfind(middle);
  if (at == std::string::npos || at == 0) return "";
  return std::regex_match(name.substr(at + middle.size()), properties) ? name.substr(0, at) : "";
}

// Whether `group_of` knows the group of every clip, which is then set.
template <typename GroupOf>
bool apply_naming(Listing& listing, GroupOf group_of) {
  std::vector<std::string> groups;
  for (const ListedClip& listed : listing.clips) {
    groups.push_back(group_of(listed));
    if (groups.back().empty()) return false;
  }
  for (std::size_t i = 0; i < groups.size(); ++i) listing.clips[i].clip.group = groups[i];
  return true;
}

}  // namespace

void recognise_groups(Listing& listing, const std::string& pattern) {
  auto& clips = listing.clips;
  if (std::any_of(clips.begin(), clips.end(),
                  [](const ListedClip& listed) { return !listed.clip.group.empty(); })) {
    if (!pattern.empty()) spdlog::warn("{} is not used: the data set names the groups itself", kKey);
    return;
  }
  if (!pattern.empty()) return apply_pattern(listing, pattern);
  if (apply_naming(listing, ucf101_group) || apply_naming(listing, hmdb51_group) || listing.has_splits)
    return;
  if (std::all_of(clips.begin(), clips.end(), [](const ListedClip& listed) { return listed.clip.whole(); }))
    return;
  for (ListedClip& listed : clips) listed.clip.group = listed.clip.path.lexically_normal().string();
}

}  // namespace actrec
