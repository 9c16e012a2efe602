#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/clip_ref.h"

namespace actrec {

// What the readers of the data-set formats have in common: the clips as found, before classes are
// numbered, groups are recognised and the whole is checked.

struct ListedClip {
  ClipRef clip;         // without label and, unless the data set names groups itself, without group
  std::string written;  // the clip's path as the data set writes it: what group patterns are searched in
  std::string class_name;
  std::string where;  // "clips.csv:12" or a path, for messages
};

struct Listing {
  std::vector<ListedClip> clips;
  std::vector<std::string> classes;  // those without clips, too; any order, no repetitions
  // Classes or splits that the data set names but has no clips for, as sentences. Errors in a data set
  // to train on.
  std::vector<std::string> empty;
  std::string format;  // DatasetIndex::format
  bool has_splits = false;
  int official_split = 0;  // DatasetIndex::official_split
};

// "train", "val" or "test" for the names in use for them (val, valid, validation, validate; any case);
// "" for anything else.
std::string standard_split(std::string_view written);

// The spelling of a split that standard_split() accepts, for hints.
inline constexpr const char* kSplitNames = "train, val (or valid, validation) and test";

// What stands for the clip listed as `path`: the file, or a folder of numbered frames of that name with
// or without the video's extension. Nothing when neither exists.
std::optional<std::filesystem::path> find_clip(const std::filesystem::path& path);

// `written`, followed by "[begin,end]" in seconds when the clip is a part of the video.
std::string clip_name(const std::string& written, const ClipRef& clip);

// Collects what is wrong with a list, so that one run reports it all (the first ten, and how many more).
class ListErrors {
 public:
  // `what` is wrong at `where`; the first hint that is not empty is kept.
  void add(const std::string& where, const std::string& what, const std::string& hint = {});
  void throw_if_any() const;  // DataError

 private:
  std::vector<std::string> messages_;
  std::size_t more_ = 0;
  std::string hint_;
};

}  // namespace actrec
