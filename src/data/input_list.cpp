#include "data/input_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <optional>
#include <set>

#include "core/error.h"
#include "core/error_text.h"
#include "core/text.h"
#include "data/csv.h"
#include "data/listing.h"
#include "data/video_reader.h"

namespace actrec {
namespace {

namespace fs = std::filesystem;

InputClip input_clip(const std::string& path) {
  InputClip input;
  input.clip.path = path;
  input.clip.name = path;
  return input;
}

std::vector<fs::path> sorted_entries(const fs::path& folder) {
  std::vector<fs::path> entries;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (entry.path().filename().string().front() != '.') entries.push_back(entry.path());
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

// Links may lead back up, so each folder is visited once.
void collect(const fs::path& folder, std::set<fs::path>& visited, std::vector<InputClip>& inputs) {
  if (!visited.insert(fs::canonical(folder)).second) return;
  const std::vector<fs::path> entries = sorted_entries(folder);
  const bool has_videos = std::any_of(entries.begin(), entries.end(), has_video_extension);
  if (!has_videos && is_frame_folder(folder)) {
    inputs.push_back(input_clip(folder.string()));
    return;
  }
  for (const fs::path& entry : entries) {
    if (fs::is_directory(entry)) {
      collect(entry, visited, inputs);
    } else if (has_video_extension(entry)) {
      inputs.push_back(input_clip(entry.string()));
    }
  }
}

std::vector<InputClip> expand_folder(const std::string& folder) {
  std::vector<InputClip> inputs;
  std::set<fs::path> visited;
  collect(folder, visited, inputs);
  if (inputs.empty())
    throw DataError(folder + " has no videos and no folders of numbered frames", "give a folder with videos");
  return inputs;
}

// A time in seconds; `otherwise` where the list gives none.
double time_in(const CsvTable& table, const CsvRow& row, std::string_view name, double otherwise) {
  const int column = table.column(name);
  const std::string text = column < 0 ? "" : trim(row.fields[static_cast<std::size_t>(column)]);
  if (text.empty()) return otherwise;
  const std::optional<double> seconds = parse_number(text);
  if (!seconds || *seconds < 0)
    throw DataError(fmt::format("{}: {} '{}' is no time in seconds", table.where(row), name, text));
  return *seconds;
}

std::vector<InputClip> clips_of(const CsvTable& table, const fs::path& base) {
  std::vector<InputClip> inputs;
  const auto path_column = static_cast<std::size_t>(table.column("path"));
  for (const CsvRow& row : table.rows) {
    const fs::path path = base / row.fields[path_column];
    InputClip input = input_clip(find_clip(path).value_or(path).string());
    input.clip.begin_seconds = time_in(table, row, "begin", 0);
    input.clip.end_seconds = time_in(table, row, "end", std::numeric_limits<double>::infinity());
    if (input.clip.begin_seconds >= input.clip.end_seconds)
      throw DataError(fmt::format("{}: begin is not before end", table.where(row)));
    input.clip.name = clip_name(input.clip.name, input.clip);
    inputs.push_back(std::move(input));
  }
  return inputs;
}

std::vector<InputClip> expand_list(const fs::path& list) {
  if (!fs::exists(list)) throw DataError(list.string() + " does not exist", "give a list of videos");
  const fs::path base = list.parent_path();
  if (to_lower(list.extension().string()) == ".csv") {
    const CsvTable table = read_csv(list);
    if (table.column("path") < 0)
      throw DataError(list.string() + " has no column `path`", "name the column of paths");
    return clips_of(table, base);
  }
  std::vector<InputClip> inputs;
  for (const std::string& line : split(read_file(list), '\n')) {
    if (const std::string path = trim(line); !path.empty())
      inputs.push_back(input_clip((base / path).string()));
  }
  return inputs;
}

std::vector<InputClip> expand(const std::string& input) {
  if (fs::is_directory(input)) return expand_folder(input);
  if (input.size() > 1 && input.front() == '@' && !fs::exists(input)) return expand_list(input.substr(1));
  const std::string extension = to_lower(fs::path(input).extension().string());
  if (extension == ".csv" || extension == ".txt") return expand_list(input);
  return {input_clip(input)};
}

}  // namespace

std::vector<InputClip> expand_input(const std::string& input) {
  try {
    std::vector<InputClip> inputs = expand(input);
    if (inputs.empty()) throw DataError(input + " lists no videos");
    return inputs;
  } catch (const Error& error) {
    InputClip failed = input_clip(input);
    failed.error = describe(error);
    return {failed};
  } catch (const fs::filesystem_error& error) {
    InputClip failed = input_clip(input);
    failed.error = input + ": " + error.code().message();
    return {failed};
  }
}

}  // namespace actrec
