#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "engine/results.h"

namespace actrec {

// How many clips of a data set are in one of its splits.
struct SplitSummary {
  std::string name;  // "train", "val", "test"
  std::int64_t clips = 0;
  std::int64_t groups = 0;   // 0: none known
  std::int64_t classes = 0;  // that have clips
};

// A clip as people look at it.
struct Filmstrip {
  std::size_t clip = 0;             // index into EvaluationResult::predictions
  std::vector<std::string> frames;  // JPEG files, in order of time
};

// Everything that a report shows.
struct Report {
  std::string title;
  EvaluationResult evaluation;
  std::vector<SplitSummary> splits;  // of the data set trained on; empty where not known
  std::vector<EpochResult> epochs;   // of training; empty where not known
  int epoch = 0;                     // whose weights were evaluated; 0: not known
  std::vector<Filmstrip> mistakes;   // most confident first
  std::vector<Filmstrip> uncertain;  // right predictions, least certain first
  std::vector<std::pair<std::string, std::string>> environment;  // what, value
  nlohmann::ordered_json config;
};

// The wrong predictions with the highest probability, and the right ones with the lowest: indices into
// result.predictions, at most `most`.
std::vector<std::size_t> confident_mistakes(const EvaluationResult& result, std::size_t most);
std::vector<std::size_t> uncertain_hits(const EvaluationResult& result, std::size_t most);

// One HTML page that needs nothing else: no network, no other file. What comes from the data set is shown as
// text, whatever it holds.
std::string report_html(const Report& report);

// Writes report.html, metrics.json (as `evaluate --json`), predictions.csv, confusion.csv and confusion.png
// into the directory, which is made where it does not exist. Throws Error.
void write_report(const Report& report, const std::filesystem::path& directory);

}  // namespace actrec
