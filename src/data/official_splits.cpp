#include "data/official_splits.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "core/error.h"
#include "core/text.h"

namespace actrec {
namespace {

namespace fs = std::filesystem;

struct Line {
  std::string text;   // trimmed, never empty
  std::string where;  // "trainlist01.txt:3" with the folder
};

std::vector<Line> read_lines(const fs::path& path) {
  std::vector<Line> lines;
  int number = 0;
  for (const std::string& raw : split(read_file(path), '\n')) {
    ++number;
    const std::string text = trim(raw);
    if (!text.empty()) lines.push_back({text, fmt::format("{}:{}", path.string(), number)});
  }
  return lines;
}

// "name 12" as ("name", "12"), and "name" as ("name", "").
std::pair<std::string, std::string> split_number(const std::string& text) {
  const std::size_t space = text.find_last_of(" \t");
  if (space == std::string::npos) return {text, ""};
  const std::string last = text.substr(space + 1);
  if (last.find_first_not_of("0123456789") != std::string::npos) return {text, ""};
  return {trim(text.substr(0, space)), last};
}

// The class before "_test_splitN.txt", or "".
std::string hmdb51_class(const fs::path& file, int official) {
  const std::string ending = fmt::format("_test_split{}.txt", official);
  const std::string name = file.filename().string();
  if (name.size() <= ending.size() || name.compare(name.size() - ending.size(), ending.size(), ending) != 0)
    return "";
  return name.substr(0, name.size() - ending.size());
}

// Adds clips to a listing as the split files name them.
class OfficialReader {
 public:
  OfficialReader(const DataSettings& settings, const char* name, std::vector<fs::path> usual_folders)
      : roots_(settings.videos.empty() ? std::move(usual_folders) : std::vector<fs::path>{settings.videos}) {
    listing_.format = fmt::format("{} official split {}", name, settings.split.official);
    listing_.official_split = settings.split.official;
    listing_.has_splits = true;
  }

  void add(const Line& line, const std::string& class_name, const std::string& file, const char* split) {
    ListedClip listed;
    listed.written = class_name + "/" + file;
    listed.clip.name = listed.written;
    listed.clip.split = split;
    listed.class_name = class_name;
    listed.where = line.where;
    for (const fs::path& root : roots_) {
      std::optional<fs::path> found = find_clip(root / class_name / file);
      if (!found) found = find_clip(root / file);
      if (!found) continue;
      listed.clip.path = *found;
      listing_.clips.push_back(std::move(listed));
      return;
    }
    fail(line, fmt::format("no video '{}' in {}", listed.written, roots_.front().string()),
         "set data.videos to the folder with the videos");
  }

  void fail(const Line& line, const std::string& what, const std::string& hint = {}) {
    errors_.add(line.where, what, hint);
  }

  Listing finish(const std::set<std::string>& classes) {
    errors_.throw_if_any();
    listing_.classes.assign(classes.begin(), classes.end());
    std::set<std::string> used;
    for (const ListedClip& listed : listing_.clips) used.insert(listed.class_name);
    for (const std::string& name : classes) {
      if (used.count(name) == 0)
        listing_.empty.push_back(listing_.format + ": class '" + name + "' has no clips");
    }
    return std::move(listing_);
  }

 private:
  std::vector<fs::path> roots_;
  Listing listing_;
  ListErrors errors_;
};

// classInd.txt: lines of a number and a class.
std::map<std::string, std::string> read_ucf101_classes(const fs::path& path) {
  std::map<std::string, std::string> names;
  std::set<std::string> unique;
  ListErrors errors;
  for (const Line& line : read_lines(path)) {
    const std::size_t space = line.text.find_first_of(" \t");
    const std::string number = line.text.substr(0, space);
    const std::string name = space == std::string::npos ? "" : trim(line.text.substr(space));
    if (name.empty() || number.find_first_not_of("0123456789") != std::string::npos) {
      errors.add(line.where, "'" + line.text + "' is not a number and a class");
    } else if (!names.emplace(number, name).second || !unique.insert(name).second) {
      errors.add(line.where, "'" + line.text + "' repeats a number or a class");
    }
  }
  errors.throw_if_any();
  return names;
}

}  // namespace

bool has_ucf101_splits(const fs::path& folder) {
  for (int official = 1; official <= 3; ++official) {
    if (fs::is_regular_file(folder / fmt::format("trainlist0{}.txt", official))) return true;
  }
  return false;
}

bool has_hmdb51_splits(const fs::path& folder) {
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    for (int official = 1; official <= 3; ++official) {
      if (!hmdb51_class(entry.path(), official).empty()) return true;
    }
  }
  return false;
}

Listing read_ucf101_dataset(const DataSettings& settings) {
  const fs::path& folder = settings.path;
  const std::map<std::string, std::string> numbers = read_ucf101_classes(folder / "classInd.txt");
  std::set<std::string> classes;
  for (const auto& [number, name] : numbers) classes.insert(name);

  const fs::path parent = (folder / "..").lexically_normal();
  OfficialReader reader(settings, "UCF101", {folder, parent / "UCF-101", parent});
  for (const char* part : {"train", "test"}) {
    const fs::path list = folder / fmt::format("{}list0{}.txt", part, settings.split.official);
    for (const Line& line : read_lines(list)) {
      const auto [file, number] = split_number(line.text);
      const std::string class_name = fs::path(file).parent_path().filename().string();
      if (class_name.empty()) {
        reader.fail(line, "'" + file + "' is not CLASS/VIDEO");
      } else if (classes.count(class_name) == 0) {
        reader.fail(line, "class '" + class_name + "' is not in classInd.txt",
                    did_you_mean(class_name, {classes.begin(), classes.end()}));
      } else if (!number.empty() && (numbers.count(number) == 0 || numbers.at(number) != class_name)) {
        reader.fail(line, fmt::format("class '{}' is not number {} in classInd.txt", class_name, number));
      } else {
        reader.add(line, class_name, fs::path(file).filename().string(), part);
      }
    }
  }
  return reader.finish(classes);
}

Listing read_hmdb51_dataset(const DataSettings& settings) {
  const fs::path& folder = settings.path;
  std::map<std::string, fs::path> lists;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const std::string class_name = hmdb51_class(entry.path(), settings.split.official);
    if (!class_name.empty()) lists.emplace(class_name, entry.path());
  }
  if (lists.empty()) {
    throw DataError(fmt::format("{} has no CLASS_test_split{}.txt", folder.string(), settings.split.official),
                    "set data.path to the folder of HMDB51's split files");
  }

  const fs::path parent = (folder / "..").lexically_normal();
  OfficialReader reader(settings, "HMDB51", {folder, parent / "hmdb51_org", parent / "videos", parent});
  std::set<std::string> classes;
  for (const auto& [class_name, path] : lists) {
    classes.insert(class_name);
    for (const Line& line : read_lines(path)) {
      const auto [file, part] = split_number(line.text);
      if (part == "1" || part == "2") {
        reader.add(line, class_name, file, part == "1" ? "train" : "test");
      } else if (part != "0") {
        reader.fail(line, "'" + line.text + "' is not a video and 0, 1 or 2");
      }
    }
  }
  return reader.finish(classes);
}

}  // namespace actrec
