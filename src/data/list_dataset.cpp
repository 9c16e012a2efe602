#include "data/list_dataset.h"

#include <fmt/format.h>

#include <set>
#include <system_error>

#include "core/error.h"
#include "core/text.h"

namespace actrec {
namespace {

namespace fs = std::filesystem;

class CsvReader {
 public:
  CsvReader(const DataSettings& settings, const CsvTable& table)
      : table_(table), videos_(settings.videos.empty() ? settings.path.parent_path() : settings.videos) {
    check_columns(table, {"path", "label"}, {"group", "split", "begin", "end"});
  }

  Listing read() {
    has_groups_ = has_values("group");
    listing_.has_splits = has_values("split");
    listing_.format = "CSV list";
    std::set<std::string> classes;
    for (const CsvRow& row : table_.rows) {
      listing_.clips.push_back(read_row(row));
      classes.insert(listing_.clips.back().class_name);
    }
    errors_.throw_if_any();
    listing_.classes.assign(classes.begin(), classes.end());
    return std::move(listing_);
  }

 private:
  std::string field(const CsvRow& row, const char* column) const {
    const int index = table_.column(column);
    return index < 0 ? "" : trim(row.fields[static_cast<std::size_t>(index)]);
  }

  bool has_values(const char* column) const {
    for (const CsvRow& row : table_.rows) {
      if (!field(row, column).empty()) return true;
    }
    return false;
  }

  ListedClip read_row(const CsvRow& row) {
    ListedClip listed;
    listed.where = table_.where(row);
    listed.class_name = field(row, "label");
    if (listed.class_name.empty()) fail(row, "the label is empty");

    listed.clip.group = field(row, "group");
    if (has_groups_ && listed.clip.group.empty()) {
      fail(row, "the group is empty", "give a group in every row, or leave the column out");
    }
    const std::string split = field(row, "split");
    listed.clip.split = standard_split(split);
    if (!split.empty() && listed.clip.split.empty()) {
      fail(row, "unknown split '" + split + "'", std::string("splits are ") + kSplitNames);
    }
    if (listing_.has_splits && split.empty()) {
      fail(row, "the split is empty", "give a split in every row, or leave the column out");
    }
    read_times(row, listed.clip);
    find_video(row, listed);
    listed.clip.name = clip_name(listed.written, listed.clip);
    return listed;
  }

  void read_times(const CsvRow& row, ClipRef& clip) {
    const auto read = [&](const char* column, double& seconds) {
      const std::string text = field(row, column);
      if (text.empty()) return;
      const std::optional<double> value = parse_number(text);
      if (!value || *value < 0) {
        fail(row, fmt::format("{} '{}' is no time in seconds", column, text), "times look like 12.5");
      } else {
        seconds = *value;
      }
    };
    read("begin", clip.begin_seconds);
    read("end", clip.end_seconds);
    if (clip.begin_seconds >= clip.end_seconds) {
      fail(row, fmt::format("begin ({}) is not before end ({})", clip.begin_seconds, clip.end_seconds));
    }
  }

  void find_video(const CsvRow& row, ListedClip& listed) {
    // Not trimmed: a file name may begin or end with a space.
    listed.written = row.fields[static_cast<std::size_t>(table_.column("path"))];
    if (trim(listed.written).empty()) return fail(row, "the path is empty");
    const fs::path path = videos_ / listed.written;
    const std::optional<fs::path> found = find_clip(path);
    std::error_code unreachable;
    if (found) {
      listed.clip.path = *found;
    } else if (fs::is_directory(path, unreachable)) {
      fail(row, fmt::format("'{}' is a folder without numbered frames", path.string()));
    } else if (unreachable == std::errc::permission_denied) {
      fail(row, fmt::format("'{}': {}", path.string(), unreachable.message()), "check the permissions");
    } else {
      fail(row, fmt::format("no video '{}'", path.string()),
           "paths are relative to the list, or to data.videos where that is set");
    }
  }

  void fail(const CsvRow& row, const std::string& what, const std::string& hint = {}) {
    errors_.add(table_.where(row), what, hint);
  }

  const CsvTable& table_;
  fs::path videos_;
  bool has_groups_ = false;
  Listing listing_;
  ListErrors errors_;
};

}  // namespace

Listing read_csv_dataset(const DataSettings& settings, const CsvTable& table) {
  return CsvReader(settings, table).read();
}

}  // namespace actrec
