#include "data/dataset_index.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "core/error.h"
#include "core/text.h"
#include "data/csv.h"
#include "data/folder_dataset.h"
#include "data/groups.h"
#include "data/list_dataset.h"
#include "data/listing.h"
#include "data/official_splits.h"
#include "data/video_reader.h"

namespace actrec {
namespace {

namespace fs = std::filesystem;

Listing read_list(const DataSettings& settings) {
  if (settings.format == DataFormat::automatic && has_video_extension(settings.path)) {
    throw DataError(fmt::format("{} is a video, not a data set", settings.path.string()),
                    "data.path takes a folder with a folder of videos per class, or a CSV list");
  }
  const CsvTable table = read_csv(settings.path);
  const bool kinetics = settings.format == DataFormat::kinetics ||
                        (settings.format == DataFormat::automatic && table.column("youtube_id") >= 0);
  if (table.rows.empty()) throw DataError(settings.path.string() + " lists no clips", "it has a header only");
  return kinetics ? read_kinetics_dataset(settings, table) : read_csv_dataset(settings, table);
}

Listing read_listing(const DataSettings& settings) {
  if (settings.path.empty()) {
    throw ConfigError("data.path is not set",
                      "set it to a folder with a folder of videos per class, or to a CSV list");
  }
  if (!fs::exists(settings.path)) {
    throw DataError(fmt::format("there is no data set at {}", settings.path.string()), "check data.path");
  }
  if (!settings.videos.empty() && !fs::is_directory(settings.videos)) {
    throw DataError(fmt::format("there is no folder {}", settings.videos.string()), "check data.videos");
  }
  const bool is_folder = fs::is_directory(settings.path);
  DataFormat format = settings.format;
  if (format == DataFormat::automatic) {
    format = !is_folder                         ? DataFormat::csv
             : has_ucf101_splits(settings.path) ? DataFormat::ucf101
             : has_hmdb51_splits(settings.path) ? DataFormat::hmdb51
                                                : DataFormat::folder;
  }
  const bool wants_folder = format != DataFormat::csv && format != DataFormat::kinetics;
  if (is_folder != wants_folder) {
    throw DataError(fmt::format("{} is a {}, but data.format is {}", settings.path.string(),
                                is_folder ? "folder" : "file",
                                Names<DataFormat>::kSpellings[static_cast<std::size_t>(format)]),
                    wants_folder ? "set data.path to the folder" : "set data.path to the list itself");
  }
  switch (format) {
    case DataFormat::ucf101:
      return read_ucf101_dataset(settings);
    case DataFormat::hmdb51:
      return read_hmdb51_dataset(settings);
    case DataFormat::folder:
      if (!settings.videos.empty())
        spdlog::warn("data.videos is not used: {} is no list", settings.path.string());
      return read_folder_dataset(settings.path);
    default:
      return read_list(settings);
  }
}

// Canonical paths, links resolved. Resolves each folder once, not once for every file in it.
class CanonicalPaths {
 public:
  std::string operator()(const fs::path& path) {
    const fs::path name = path.filename();
    const bool is_plain = !name.empty() && name != "." && name != "..";
    if (!is_plain || fs::is_symlink(path)) return fs::canonical(path).string();
    const fs::path parent = path.parent_path();
    const auto [found, is_new] = folders_.try_emplace(parent.string());
    if (is_new) found->second = fs::canonical(parent.empty() ? "." : parent).string();
    return found->second + "/" + name.string();
  }

 private:
  std::unordered_map<std::string, std::string> folders_;
};

// The same clip twice, and one stretch of video in two splits.
void check_repetitions(const Listing& listing) {
  CanonicalPaths canonical;
  std::unordered_map<std::string, std::size_t> videos;
  std::vector<std::vector<const ListedClip*>> clips_of_video;  // in the list's order, as messages should be
  for (const ListedClip& listed : listing.clips) {
    const auto [found, is_new] = videos.emplace(canonical(listed.clip.path), clips_of_video.size());
    if (is_new) clips_of_video.emplace_back();
    clips_of_video[found->second].push_back(&listed);
  }
  ListErrors errors;
  for (std::vector<const ListedClip*>& parts : clips_of_video) {
    if (parts.size() < 2) continue;
    std::stable_sort(parts.begin(), parts.end(), [](const ListedClip* a, const ListedClip* b) {
      return std::pair(a->clip.begin_seconds, a->clip.end_seconds) <
             std::pair(b->clip.begin_seconds, b->clip.end_seconds);
    });
    std::map<std::string, const ListedClip*> longest;  // by split: the part so far that ends last
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const ClipRef& clip = parts[i]->clip;
      if (i > 0 && parts[i - 1]->clip.begin_seconds == clip.begin_seconds &&
          parts[i - 1]->clip.end_seconds == clip.end_seconds) {
        errors.add(parts[i]->where,
                   fmt::format("'{}' is listed before, at {}", clip.name, parts[i - 1]->where),
                   "list every clip once");
        continue;
      }
      for (const auto& [split, other] : longest) {
        if (split == clip.split || other->clip.end_seconds <= clip.begin_seconds) continue;
        errors.add(parts[i]->where,
                   fmt::format("'{}' ({}) overlaps '{}' ({}) at {}", clip.name, clip.split, other->clip.name,
                               split, other->where),
                   "give overlapping parts of a video the same split");
        break;
      }
      const ListedClip*& last = longest[clip.split];
      if (last == nullptr || last->clip.end_seconds < clip.end_seconds) last = parts[i];
    }
  }
  errors.throw_if_any();
}

// "set data.path to ..." when a list lies in the folder that was read as a data set.
std::string list_hint(const fs::path& folder) {
  std::set<fs::path> lists;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (to_lower(entry.path().extension().string()) == ".csv") lists.insert(entry.path());
  }
  return lists.empty() ? ""
                       : fmt::format("; to use the list in it, set data.path to {}", lists.begin()->string());
}

// What to do about a data set of one class.
std::string more_classes_hint(const Listing& listing, const DataSettings& settings) {
  if (listing.format == "CSV list") return "label the clips of each class differently";
  if (listing.official_split > 0 || !fs::is_directory(settings.path))
    return "list clips of other classes, too";
  return "put a folder of videos per class directly into it" + list_hint(settings.path);
}

void check_for_training(const Listing& listing, const DataSettings& settings) {
  const std::string path = settings.path.string();
  if (listing.classes.size() < 2) {
    const std::string classes =
        listing.classes.empty() ? "no classes" : fmt::format("only one class, '{}'", listing.classes[0]);
    throw DataError(fmt::format("{} ({}) has {}; training takes at least two", path, listing.format, classes),
                    more_classes_hint(listing, settings));
  }
  if (!listing.empty.empty()) {
    const std::size_t more = listing.empty.size() - 1;
    throw DataError(listing.empty[0] + (more > 0 ? fmt::format(" (and {} more like it)", more) : ""),
                    "add clips, or remove it");
  }
  if (!listing.has_splits) return;
  std::set<std::string> trained;
  for (const ListedClip& listed : listing.clips) {
    if (listed.clip.split == "train") trained.insert(listed.class_name);
  }
  if (trained.empty())
    throw DataError(path + " has no clips in its train split", "add them, or drop the splits");
  ListErrors errors;
  std::set<std::string> reported;
  for (const ListedClip& listed : listing.clips) {
    const std::string& name = listed.class_name;
    if (trained.count(name) > 0 || !reported.insert(name).second) continue;
    const std::string match = did_you_mean(name, {trained.begin(), trained.end()});
    errors.add(listed.where, fmt::format("class '{}' is in {}, but not in train", name, listed.clip.split),
               match.empty() ? "add clips of it to train, or remove it" : match);
  }
  errors.throw_if_any();
}

DatasetIndex number_classes(Listing&& listing) {
  DatasetIndex index;
  index.format = std::move(listing.format);
  index.has_splits = listing.has_splits;
  index.official_split = listing.official_split;
  index.classes = std::move(listing.classes);
  std::sort(index.classes.begin(), index.classes.end());
  for (ListedClip& listed : listing.clips) {
    const auto found = std::lower_bound(index.classes.begin(), index.classes.end(), listed.class_name);
    listed.clip.label = static_cast<int>(found - index.classes.begin());
    index.clips.push_back(std::move(listed.clip));
  }
  std::sort(index.clips.begin(), index.clips.end(),
            [](const ClipRef& a, const ClipRef& b) { return a.name < b.name; });
  return index;
}

DatasetIndex read(const DataSettings& settings, bool for_training) {
  try {
    Listing listing = read_listing(settings);
    if (for_training) {
      check_for_training(listing, settings);
    } else {
      for (const std::string& empty : listing.empty) spdlog::debug("{}", empty);
    }
    if (listing.clips.empty()) throw DataError(settings.path.string() + " has no clips", "check data.path");
    for (const std::string& name : listing.classes) {
      if (!is_utf8(name))
        throw DataError(fmt::format("the name of class '{}' is not UTF-8", name), "rename it");
    }
    check_repetitions(listing);
    recognise_groups(listing, settings.split.group_pattern);
    return number_classes(std::move(listing));
  } catch (const fs::filesystem_error& error) {
    throw DataError(fmt::format("{}: {}", error.path1().string(), error.code().message()),
                    "check the path and its permissions");
  }
}

}  // namespace

DatasetIndex read_dataset(const DataSettings& settings) { return read(settings, true); }

DatasetIndex read_dataset_unchecked(const DataSettings& settings) { return read(settings, false); }

}  // namespace actrec
