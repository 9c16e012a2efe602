#include "cli/prediction_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <optional>
#include <system_error>

#include "core/atomic_file.h"
#include "core/error.h"
#include "core/text.h"
#include "data/csv.h"

namespace actrec {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLineStart = "{\"input\":\"";
constexpr auto kReplace = nlohmann::json::error_handler_t::replace;

// What an earlier run has written of one input.
struct Entry {
  std::string input, text;
  std::vector<std::string> labels;
  bool failed = false, has_timeline = false;
};

// Of inputs, so that one that is no UTF-8 is found again, too.
std::string key_of(const std::string& input) { return nlohmann::json(input).dump(-1, ' ', false, kReplace); }

[[noreturn]] void foreign(const fs::path& path, const std::string& what) {
  throw DataError(fmt::format("{} {}", path.string(), what), "give another file with --output");
}

std::optional<Entry> parse_json_line(const std::string& line) {
  try {
    const auto json = nlohmann::json::parse(line);
    Entry entry;
    entry.input = json.at("input").get<std::string>();
    entry.text = line + '\n';
    entry.failed = json.contains("error");
    if (!entry.failed) {
      entry.has_timeline = json.contains("timeline");
      for (const char* list : {"top", "timeline"}) {
        for (const auto& one : json.value(list, nlohmann::json::array()))
          entry.labels.push_back(one.at("label").get<std::string>());
      }
    }
    return entry;
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

// A row of a CSV file, which may be several lines; nothing where it is none.
std::optional<Entry> parse_csv_row(const std::string& row, CsvRows rows) {
  try {
    const CsvTable table = parse_csv(prediction_csv_header(rows) + row, "predictions");
    if (table.rows.size() != 1) return std::nullopt;
    const std::vector<std::string>& fields = table.rows.front().fields;
    Entry entry;
    entry.input = fields[0];
    entry.text = row;
    entry.failed = !fields[5].empty();
    if (!entry.failed) entry.labels.push_back(fields[3]);
    return entry;
  } catch (const DataError&) {
    return std::nullopt;
  }
}

// The next line with its end, or what there is of it; with `csv`, more of them until quotes are closed.
bool next_row(std::istream& file, bool csv, std::string& row) {
  row.clear();
  std::string line;
  while (std::getline(file, line)) {
    row += line;
    if (file.eof()) return true;  // without its end
    row += '\n';
    if (!csv || std::count(row.begin(), row.end(), '"') % 2 == 0) return true;
  }
  return !row.empty();
}

}  // namespace

// Goes through the entries of a file, in order.
struct PredictionFile::Reader {
  std::ifstream file;
  const PredictionFile& owner;
  std::string row;
  std::optional<Entry> ahead;  // of a CSV file, the first row of the next entry

  explicit Reader(const PredictionFile& of) : file(of.path_, std::ios::binary), owner(of) {}

  // One line of JSON, or one row. Nothing at the end, or where the last one is not complete.
  std::optional<Entry> next_part() {
    if (!next_row(file, owner.csv_, row)) return std::nullopt;
    if (row.back() != '\n') {  // the run was stopped while it wrote this
      const std::string start = owner.csv_ ? "" : kLineStart;
      if (row.compare(0, start.size(), start, 0, row.size()) == 0) return std::nullopt;
    }
    const std::optional<Entry> entry =
        owner.csv_ ? parse_csv_row(row, owner.rows_) : parse_json_line(row.substr(0, row.size() - 1));
    if (!entry) foreign(owner.path_, "exists and holds something else than predictions of this kind");
    return entry;
  }

  // All of one input. Of a CSV file, the last one may lack rows.
  std::optional<Entry> next() {
    if (!owner.csv_) return next_part();
    std::optional<Entry> entry = ahead ? std::exchange(ahead, std::nullopt) : next_part();
    std::size_t count = 1;
    while (entry) {
      ahead = next_part();
      if (!ahead || ahead->input != entry->input) break;
      entry->text += ahead->text;
      entry->labels.insert(entry->labels.end(), ahead->labels.begin(), ahead->labels.end());
      ++count;
    }
    const bool complete = owner.rows_ == CsvRows::guesses && count == owner.guesses_;
    if (entry && !ahead && !complete) return std::nullopt;
    return entry;
  }
};

PredictionFile::PredictionFile(fs::path path, CsvRows rows, std::size_t guesses,
                               const std::vector<std::string>& classes)
    : path_(std::move(path)),
      rows_(rows),
      guesses_(guesses),
      csv_(to_lower(path_.extension().string()) == ".csv"),
      file_(nullptr, std::fclose) {
  const bool exists = fs::exists(path_) && fs::file_size(path_) > 0;
  if (exists) read_earlier(classes);
  file_.reset(std::fopen(path_.c_str(), "ab"));
  if (!file_) {
    throw Error(
        fmt::format("{} cannot be written: {}", path_.string(), std::generic_category().message(errno)),
        "check the path and its permissions");
  }
  if (csv_ && !exists) std::fputs(prediction_csv_header(rows_).c_str(), file_.get());
}

void PredictionFile::read_earlier(const std::vector<std::string>& classes) {
  Reader reader(*this);
  AtomicFile kept(path_);
  std::uintmax_t size = 0;
  const auto keep = [&](const std::string& text) {
    kept.write(text.data(), text.size());
    size += text.size();
  };
  if (csv_) {
    std::string header;
    next_row(reader.file, true, header);
    const std::string expected = prediction_csv_header(rows_);
    if (header != expected.substr(0, header.size()) || (header != expected && header.back() == '\n'))
      foreign(path_, "exists and has other columns");
    keep(prediction_csv_header(rows_));
  }
  while (const std::optional<Entry> entry = reader.next()) {
    for (const std::string& label : entry->labels) {
      if (label != kUnknownLabel && std::find(classes.begin(), classes.end(), label) == classes.end())
        foreign(
            path_,
            fmt::format("exists and has predictions of another model: '{}' is no class of this one", label));
    }
    if (entry->failed) continue;
    if (!csv_ && entry->has_timeline != (rows_ == CsvRows::segments))
      foreign(path_, entry->has_timeline ? "exists and has timelines"
                                         : "exists and has predictions without timeline");
    keep(entry->text);
    done_.insert(key_of(entry->input));
  }
  if (size != fs::file_size(path_)) kept.commit();
}

bool PredictionFile::has(const std::string& input) const { return done_.count(key_of(input)) > 0; }

void PredictionFile::append(const Prediction& prediction) {
  const std::string text = csv_ ? prediction_csv(prediction, rows_)
                                : prediction_json(prediction).dump(-1, ' ', false, kReplace) + '\n';
  if (std::fwrite(text.data(), 1, text.size(), file_.get()) == text.size() && std::fflush(file_.get()) == 0)
    return;
  // What has been written of the entry is not complete, which the next run finds and drops.
  const int reason = errno;
  throw Error(
      fmt::format("{} cannot be written: {}", path_.string(), std::generic_category().message(reason)),
      "free some disk space and run again: it goes on from here");
}

}  // namespace actrec
