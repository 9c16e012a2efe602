#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <unordered_map>

#include "core/error.h"
#include "core/text.h"
#include "data/list_dataset.h"
#include "data/video_reader.h"

namespace actrec {
namespace {

namespace fs = std::filesystem;

// The videos and folders in a folder, by name without extension.
using VideoNames = std::unordered_map<std::string, fs::path>;

VideoNames read_names(const fs::path& folder) {
  VideoNames names;
  std::error_code unreachable;  // the name of a class may be too long for a folder's, links may lead nowhere
  if (!fs::is_directory(folder, unreachable)) return names;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const fs::path& path = entry.path();
    if (entry.is_directory(unreachable)) {
      names.emplace(path.filename().string(), path);
    } else if (has_video_extension(path)) {
      // A video goes before a folder of its frames, and .avi before .mp4, whatever the folder's order.
      fs::path& kept = names[path.stem().string()];
      if (kept.empty() || !has_video_extension(kept) || path < kept) kept = path;
    }
  }
  return names;
}

// The video, or folder of frames, of that name; nothing if there is none.
std::optional<fs::path> find_name(const VideoNames& names, const std::string& name) {
  const auto found = names.find(name);
  if (found == names.end()) return std::nullopt;
  if (!has_video_extension(found->second) && !is_frame_folder(found->second)) return std::nullopt;
  return found->second;
}

// Listed and found clips of a class or a split.
struct Counts {
  std::size_t listed = 0, found = 0;
};

class KineticsReader {
 public:
  KineticsReader(const DataSettings& settings, const CsvTable& table) : table_(table) {
    check_columns(table, {"youtube_id", "time_start", "time_end", "split"}, {"label", "is_cc"});
    const fs::path beside = settings.path.has_parent_path() ? settings.path.parent_path() : ".";
    roots_ = settings.videos.empty() ? std::vector<fs::path>{beside, beside / "videos"}
                                     : std::vector<fs::path>{settings.videos};
  }

  Listing read() {
    for (const CsvRow& row : table_.rows) read_row(row);
    errors_.throw_if_any();
    if (splits_.empty()) {
      throw DataError(table_.name + " has no labelled row",
                      "published test lists have no labels; use the train and validate lists");
    }
    listing_.format = "Kinetics list";
    listing_.has_splits = true;
    if (unlabelled_ > 0)
      spdlog::info("{}: {} of the test split without label left out", table_.name, unlabelled_);
    report_missing();
    for (const auto& [name, counts] : classes_) listing_.classes.push_back(name);
    return std::move(listing_);
  }

 private:
  std::string field(const CsvRow& row, const char* column) const {
    const int index = table_.column(column);
    return index < 0 ? "" : trim(row.fields[static_cast<std::size_t>(index)]);
  }

  void read_row(const CsvRow& row) {
    ListedClip listed;
    listed.where = table_.where(row);
    listed.class_name = field(row, "label");
    const std::string written_split = field(row, "split");
    listed.clip.split = standard_split(written_split);
    if (listed.clip.split.empty()) {
      return errors_.add(listed.where, "unknown split '" + written_split + "'",
                         std::string("splits are ") + kSplitNames);
    }
    if (listed.class_name.empty()) {
      if (listed.clip.split != "test") return errors_.add(listed.where, "the label is empty");
      ++unlabelled_;
      return;
    }
    const std::string id = field(row, "youtube_id");
    if (id.empty() || id.find('/') != std::string::npos) {
      return errors_.add(listed.where, "'" + id + "' is no YouTube id");
    }
    const std::optional<double> start = parse_number(field(row, "time_start"));
    const std::optional<double> end = parse_number(field(row, "time_end"));
    if (!start || !end || *start < 0 || *start >= *end || *end > kLongestVideoSeconds) {
      return errors_.add(listed.where, fmt::format("'{}' to '{}' is no range of seconds",
                                                   field(row, "time_start"), field(row, "time_end")));
    }
    listed.clip.group = id;
    listed.written = fmt::format("{}_{:06d}_{:06d}", id, std::llround(*start), std::llround(*end));
    Counts& of_class = classes_[listed.class_name];
    Counts& of_split = splits_[listed.clip.split];
    ++of_class.listed;
    ++of_split.listed;
    if (!find_video(listed, id, written_split, *start, *end)) return;
    // Whole seconds, as trimmed files are named, do not tell the parts of one video apart.
    listed.clip.name = clip_name(listed.written, listed.clip);
    ++of_class.found;
    ++of_split.found;
    listing_.clips.push_back(std::move(listed));
  }

  bool find_video(ListedClip& listed, const std::string& id, const std::string& written_split, double start,
                  double end) {
    for (const VideoNames* names : places(listed.class_name, written_split)) {
      if (const auto trimmed = find_name(*names, listed.written)) {
        listed.clip.path = *trimmed;
        return true;
      }
      if (const auto full = find_name(*names, id)) {
        listed.clip.path = *full;
        listed.clip.begin_seconds = start;
        listed.clip.end_seconds = end;
        return true;
      }
    }
    return false;
  }

  // What is in every folder that may hold a video of this class and split. Each folder is read once: a
  // list of Kinetics has hundreds of thousands of rows, each with dozens of places to look.
  const std::vector<const VideoNames*>& places(const std::string& class_name,
                                               const std::string& written_split) {
    const auto [found, is_new] = places_.try_emplace({class_name, written_split});
    if (!is_new) return found->second;
    std::vector<std::string> labels{"", class_name};
    std::string underscored = class_name;
    std::replace(underscored.begin(), underscored.end(), ' ', '_');
    if (underscored != class_name) labels.push_back(underscored);
    std::vector<std::string> splits{"", written_split, standard_split(written_split)};
    if (splits[2] == "val") splits.insert(splits.end(), {"valid", "validation", "validate"});
    for (const fs::path& root : roots_) {
      for (const std::string& split : splits) {
        for (const std::string& label : labels) {
          const fs::path folder = (root / split / label).lexically_normal();
          const auto [names, is_unread] = folders_.try_emplace(folder.string());
          if (is_unread) names->second = read_names(folder);
          if (!names->second.empty()) found->second.push_back(&names->second);
        }
      }
    }
    return found->second;
  }

  void report_missing() {
    std::size_t listed = 0;
    for (const auto& [split, counts] : splits_) {
      listed += counts.listed;
      if (counts.found == 0) {
        listing_.empty.push_back(
            fmt::format("{}: no video of the {} split is in {}", table_.name, split, searched()));
      }
    }
    for (const auto& [name, counts] : classes_) {
      if (counts.found == 0) {
        listing_.empty.push_back(
            fmt::format("{}: no video of class '{}' is in {}", table_.name, name, searched()));
      }
    }
    const std::size_t missing = listed - listing_.clips.size();
    if (listing_.clips.empty()) {
      throw DataError(
          fmt::format("{}: none of {} is in {}", table_.name,
                      format_count(static_cast<std::int64_t>(listed), "listed video"), searched()),
          "set data.videos to the folder with the videos, named ID_START_END.mp4 or ID.mp4");
    }
    if (missing > 0) {
      spdlog::warn("{}: {} of {} have no video in {} and are left out", table_.name, missing,
                   format_count(static_cast<std::int64_t>(listed), "listed clip"), searched());
    }
  }

  std::string searched() const { return roots_[0].string(); }

  // Far above any video, and within what the names' numbers can say.
  static constexpr double kLongestVideoSeconds = 1e6;

  const CsvTable& table_;
  std::vector<fs::path> roots_;
  std::unordered_map<std::string, VideoNames> folders_;
  std::map<std::pair<std::string, std::string>, std::vector<const VideoNames*>> places_;  // into folders_
  std::map<std::string, Counts> classes_, splits_;
  std::size_t unlabelled_ = 0;
  Listing listing_;
  ListErrors errors_;
};

}  // namespace

Listing read_kinetics_dataset(const DataSettings& settings, const CsvTable& table) {
  return KineticsReader(settings, table).read();
}

}  // namespace actrec
