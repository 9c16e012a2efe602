#include "data/manifest.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <cmath>

#include "config/json_text.h"
#include "core/atomic_file.h"
#include "core/error.h"
#include "core/random.h"
#include "core/system.h"
#include "core/text.h"

namespace actrec {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

// Raise when facts are found out in another way.
constexpr int kVersion = 1;

template <typename T>
Json known(const T& value, bool is_known) {
  return is_known ? Json(value) : Json();
}

template <typename T>
T value_or(const Json& entry, const char* key, T otherwise) {
  const Json& value = entry.at(key);
  return value.is_null() ? otherwise : value.get<T>();
}

Json to_json(const ClipRef& clip, const std::vector<std::string>& classes, const ClipFacts& facts) {
  Json entry = {{"clip", clip.name}, {"path", clip.path.string()}};
  if (!clip.whole()) {
    entry["begin"] = clip.begin_seconds;
    entry["end"] = known(clip.end_seconds, std::isfinite(clip.end_seconds));
  }
  entry["class"] = classes.at(static_cast<std::size_t>(clip.label));
  entry["group"] = known(clip.group, !clip.group.empty());
  entry["frames"] = facts.frames;
  entry["header_frames"] = known(facts.header_frames, facts.header_frames > 0);
  entry["fps"] = known(facts.frames_per_second, facts.frames_per_second > 0);
  entry["seconds"] = facts.seconds;
  entry["width"] = facts.width;
  entry["height"] = facts.height;
  entry["rotation"] = facts.rotation_degrees;
  entry["codec"] = known(facts.codec, !facts.codec.empty());
  entry["largest_gop"] = facts.largest_gop;
  entry["decode_ms"] = facts.decode_ms;
  entry["content_hash"] = known(facts.content_hash, !facts.content_hash.empty());
  entry["perceptual_hash"] = facts.look ? Json(facts.look->hex()) : Json();
  entry["problem"] = known(facts.problem, !facts.problem.empty());
  return entry;
}

ClipFacts from_json(const Json& entry) {
  ClipFacts facts;
  facts.frames = entry.at("frames").get<std::int64_t>();
  facts.header_frames = value_or<std::int64_t>(entry, "header_frames", 0);
  facts.frames_per_second = value_or<double>(entry, "fps", 0);
  facts.seconds = entry.at("seconds").get<double>();
  facts.width = entry.at("width").get<int>();
  facts.height = entry.at("height").get<int>();
  facts.rotation_degrees = entry.at("rotation").get<int>();
  facts.codec = value_or<std::string>(entry, "codec", "");
  facts.largest_gop = entry.at("largest_gop").get<std::int64_t>();
  facts.decode_ms = entry.at("decode_ms").get<double>();
  facts.content_hash = value_or<std::string>(entry, "content_hash", "");
  facts.look = PerceptualHash::parse(value_or<std::string>(entry, "perceptual_hash", ""));
  facts.problem = value_or<std::string>(entry, "problem", "");
  return facts;
}

}  // namespace

std::string Manifest::identity_of(const ClipRef& clip) {
  return fmt::format("{:016x}", stable_hash(fmt::format(
                                    "{}\n{}\n{}\n{}", fs::absolute(clip.path).lexically_normal().string(),
                                    clip.begin_seconds, clip.end_seconds, contents_.of(clip.path))));
}

Manifest::Manifest(const fs::path& file) {
  if (file.empty() || !fs::exists(file)) return;
  try {
    const Json document = parse_json(read_file(file), file.string()).document;
    if (document.at("version").get<int>() != kVersion) return;
    for (const Json& entry : document.at("clips")) {
      entries_[entry.at("clip").get<std::string>()] = {entry.at("identity").get<std::string>(),
                                                       from_json(entry)};
    }
  } catch (const std::exception&) {
    spdlog::warn("{} is damaged; `actrec check` makes it anew", file.string());
    entries_.clear();
  }
}

const ClipFacts* Manifest::find(const ClipRef& clip) {
  const auto found = entries_.find(clip.name);
  if (found == entries_.end() || found->second.identity != identity_of(clip)) return nullptr;
  return &found->second.facts;
}

void Manifest::set(const ClipRef& clip, ClipFacts facts) {
  entries_[clip.name] = {identity_of(clip), std::move(facts)};
}

void Manifest::write(const fs::path& file, Json document, const std::vector<ClipRef>& clips,
                     const std::vector<std::string>& classes) {
  document["version"] = kVersion;
  document["clips"] = Json::array();
  for (const ClipRef& clip : clips) {
    const auto found = entries_.find(clip.name);
    if (found == entries_.end()) continue;
    Json entry = to_json(clip, classes, found->second.facts);
    entry["identity"] = found->second.identity;
    document["clips"].push_back(std::move(entry));
  }
  if (file.has_parent_path()) create_writable_directory(file.parent_path());
  // Names may hold bytes that are no UTF-8.
  write_file_atomically(file, document.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
}

fs::path manifest_file(const DataSettings& settings) {
  const fs::path directory = user_cache_directory();
  if (directory.empty()) return {};
  const fs::path data = fs::absolute(settings.path).lexically_normal();
  const std::string what =
      fmt::format("{}\n{}\n{}", data.string(), settings.videos.string(), static_cast<int>(settings.format));
  return directory / "manifests" / fmt::format("{}-{:016x}.json", data.stem().string(), stable_hash(what));
}

}  // namespace actrec
