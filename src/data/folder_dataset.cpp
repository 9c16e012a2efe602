#include "data/folder_dataset.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <map>
#include <set>

#include "core/error.h"
#include "core/text.h"
#include "data/video_reader.h"

namespace actrec {
namespace {

namespace fs = std::filesystem;

bool is_hidden(const fs::path& path) { return path.filename().string().front() == '.'; }

// What lies directly in a folder, hidden entries left out.
struct Entries {
  std::vector<fs::path> folders, videos;
  std::size_t others = 0;
};

Entries list_folder(const fs::path& folder) {
  Entries entries;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const fs::path& path = entry.path();
    if (is_hidden(path)) continue;
    std::error_code unreachable;
    if (entry.is_directory(unreachable)) {
      entries.folders.push_back(path);
    } else if (!has_video_extension(path)) {
      ++entries.others;
    } else if (entry.is_regular_file(unreachable)) {
      entries.videos.push_back(path);
    } else {
      throw DataError(
          fmt::format("{} cannot be reached", path.string()),
          entry.is_symlink() ? "the link leads to nothing: mend or remove it" : "it is no regular file");
    }
  }
  std::sort(entries.folders.begin(), entries.folders.end());
  std::sort(entries.videos.begin(), entries.videos.end());
  return entries;
}

// Whether the folder stands for a clip. An image beside videos, a thumbnail say, must not hide them.
bool is_clip_folder(const fs::path& folder) {
  return is_frame_folder(folder) && list_folder(folder).videos.empty();
}

class FolderReader {
 public:
  explicit FolderReader(const fs::path& root) : root_(root) {}

  Listing read() {
    const Entries top = list_folder(root_);
    if (top.folders.empty()) {
      throw DataError(fmt::format("{} has no class folders", root_.string()),
                      top.videos.empty()
                          ? "data.path takes a folder with a folder of videos per class, or a CSV list"
                          : "move the videos into a folder per class, or list them in a CSV");
    }
    ignored_ += top.others;
    listing_.has_splits = check_split_folders(top.folders);
    listing_.format = listing_.has_splits ? "folder per split, then class" : "folder per class";
    if (listing_.has_splits) {
      check_no_videos(root_, top);
      for (const fs::path& folder : top.folders) read_split(folder);
    } else {
      if (!top.videos.empty()) {
        spdlog::warn("{} directly in {}, outside the class folders, will not be used",
                     format_count(static_cast<int>(top.videos.size()), "video"), root_.string());
      }
      for (const fs::path& folder : top.folders) read_class(folder, "", "");
    }
    if (ignored_ > 0) spdlog::debug("{} in {} are no videos", format_count(ignored_, "file"), root_.string());
    listing_.classes.assign(classes_.begin(), classes_.end());
    return std::move(listing_);
  }

 private:
  // True: each folder is a split. False: none has to be.
  bool check_split_folders(const std::vector<fs::path>& folders) const {
    std::map<std::string, std::string> splits;
    std::vector<std::string> others;
    for (const fs::path& folder : folders) {
      const std::string name = folder.filename().string();
      const std::string split = standard_split(name);
      if (split.empty()) {
        others.push_back(name);
      } else if (!splits.emplace(split, name).second) {
        throw DataError(
            fmt::format("{} has two folders for one split, {} and {}", root_.string(), splits[split], name),
            "merge them");
      }
    }
    // One folder named like a split may well be a class ("train"); two of them beside others are a mistake.
    if (splits.size() > 1 && !others.empty()) {
      throw DataError(
          fmt::format("{} has folders for splits, but also {}", root_.string(), join(others, ", ")),
          "keep only train, val and test there, each with a folder per class");
    }
    if (splits.size() == 1 && !others.empty()) {
      spdlog::warn("'{}' in {} is taken for a class, since other folders lie beside it",
                   splits.begin()->second, root_.string());
    }
    return others.empty();
  }

  static void check_no_videos(const fs::path& folder, const Entries& entries) {
    if (entries.videos.empty()) return;
    throw DataError(fmt::format("{} is in no class folder", entries.videos.front().string()),
                    fmt::format("{} takes a folder per class", folder.string()));
  }

  void read_split(const fs::path& folder) {
    const Entries entries = list_folder(folder);
    check_no_videos(folder, entries);
    ignored_ += entries.others;
    if (entries.folders.empty()) listing_.empty.push_back(folder.string() + " has no class folders");
    const std::string prefix = folder.filename().string() + "/";
    for (const fs::path& class_folder : entries.folders) {
      read_class(class_folder, prefix, standard_split(folder.filename().string()));
    }
  }

  void read_class(const fs::path& folder, const std::string& prefix, const std::string& split) {
    class_ = folder.filename().string();
    split_ = split;
    if (is_clip_folder(folder)) {
      throw DataError(fmt::format("{} holds frames itself", folder.string()),
                      "a class folder holds videos, or a folder of frames for each clip");
    }
    classes_.insert(class_);
    const std::size_t clips_before = listing_.clips.size();
    const std::size_t ignored_before = ignored_;
    std::set<fs::path> visited{fs::canonical(folder)};
    collect(folder, prefix + class_ + "/", visited);
    if (listing_.clips.size() == clips_before) {
      const std::size_t files = ignored_ - ignored_before;
      listing_.empty.push_back(files == 0 ? folder.string() + " is empty"
                                          : fmt::format("{} has no videos, only {}", folder.string(),
                                                        format_count(static_cast<int>(files), "other file")));
    }
  }

  void collect(const fs::path& folder, const std::string& prefix, std::set<fs::path>& visited) {
    const Entries entries = list_folder(folder);
    ignored_ += entries.others;
    for (const fs::path& video : entries.videos) add(video, prefix);
    for (const fs::path& inner : entries.folders) {
      // Links may lead back up; a folder seen before has been read.
      if (!visited.insert(fs::canonical(inner)).second) {
        spdlog::debug("{} links to a folder that is already part of its class", inner.string());
      } else if (is_clip_folder(inner)) {
        add(inner, prefix);
      } else {
        collect(inner, prefix + inner.filename().string() + "/", visited);
      }
    }
  }

  void add(const fs::path& path, const std::string& prefix) {
    ListedClip listed;
    listed.written = prefix + path.filename().string();
    listed.clip.path = path;
    listed.clip.name = listed.written;
    listed.clip.split = split_;
    listed.class_name = class_;
    listed.where = path.string();
    listing_.clips.push_back(std::move(listed));
  }

  const fs::path& root_;
  Listing listing_;
  std::set<std::string> classes_;
  std::size_t ignored_ = 0;
  std::string class_, split_;  // of the class folder being read
};

}  // namespace

Listing read_folder_dataset(const fs::path& root) { return FolderReader(root).read(); }

}  // namespace actrec
