#include "cli/read_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/text.h"
#include "data/csv.h"
#include "report/statistics_text.h"

namespace actrec {
namespace {

constexpr std::size_t kFirstClass = 4;  // columns before it: clip, group, label, prediction

[[noreturn]] void fail(const std::filesystem::path& file) {
  throw DataError(fmt::format("{} is not what `actrec evaluate --report` writes", file.string()),
                  "evaluate the checkpoint again");
}

class PredictionsReader {
 public:
  PredictionsReader(const std::filesystem::path& file, const std::vector<std::string>& classes)
      : file_(file), classes_(classes) {}

  std::vector<ClipPrediction> read() const {
    const std::vector<CsvRow> rows = parse_csv_rows(read_file(file_), file_.string());
    std::vector<std::string> header{"clip", "group", "label", "prediction"};
    header.insert(header.end(), classes_.begin(), classes_.end());
    if (rows.empty() || rows[0].fields != header) fail(file_);
    std::vector<ClipPrediction> predictions;
    for (std::size_t i = 1; i < rows.size(); ++i) predictions.push_back(prediction_of(rows[i]));
    return predictions;
  }

 private:
  ClipPrediction prediction_of(const CsvRow& row) const {
    if (row.fields.size() != kFirstClass + classes_.size()) fail(file_);
    ClipPrediction clip{row.fields[0], row.fields[1], class_of(row.fields[2]), class_of(row.fields[3]), {}};
    for (std::size_t k = 0; k < classes_.size(); ++k) {
      const auto probability = parse_number(row.fields[kFirstClass + k]);
      if (!probability) fail(file_);
      clip.probabilities.push_back(*probability);
    }
    return clip;
  }

  std::int64_t class_of(const std::string& name) const {
    const auto found = std::find(classes_.begin(), classes_.end(), name);
    if (found == classes_.end()) fail(file_);
    return found - classes_.begin();
  }

  const std::filesystem::path& file_;
  const std::vector<std::string>& classes_;
};

}  // namespace

Comparand read_report(const std::filesystem::path& directory) {
  Comparand result;
  result.name = directory.string();
  const std::filesystem::path metrics = directory / "metrics.json";
  std::int64_t clips = 0;
  try {
    const auto json = nlohmann::ordered_json::parse(read_file(metrics));
    result.classes = json.at("classes").get<std::vector<std::string>>();
    clips = json.at("clips").get<std::int64_t>();
    if (json.contains("split")) result.split = split_from_json(json.at("split"));
  } catch (const nlohmann::json::exception&) {
    fail(metrics);
  }
  result.predictions = PredictionsReader(directory / "predictions.csv", result.classes).read();
  if (clips == 0 || static_cast<std::int64_t>(result.predictions.size()) != clips)
    fail(directory / "predictions.csv");
  return result;
}

}  // namespace actrec
