#include "report/prediction_text.h"

#include <fmt/format.h>

#include <cmath>

#include "core/text.h"

namespace actrec {
namespace {

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + '"';
}

std::string srt_time(double seconds) {
  const auto ms = static_cast<std::int64_t>(std::llround(seconds * 1000));
  return fmt::format("{:02}:{:02}:{:02},{:03}", ms / 3'600'000, ms / 60'000 % 60, ms / 1000 % 60, ms % 1000);
}

}  // namespace

std::string clock_text(double seconds) {
  const auto tenths = static_cast<std::int64_t>(std::llround(seconds * 10));
  const std::int64_t minutes = tenths / 600;
  if (minutes < 60) return fmt::format("{}:{:02}.{}", minutes, tenths / 10 % 60, tenths % 10);
  return fmt::format("{}:{:02}:{:02}.{}", minutes / 60, minutes % 60, tenths / 10 % 60, tenths % 10);
}

std::string prediction_text(const Prediction& prediction) {
  if (!prediction.error.empty())
    return fmt::format("{}\n  no prediction: {}\n", prediction.input, prediction.error);
  std::string text = fmt::format("{}  ({})\n", prediction.input, format_count(prediction.frames, "frame"));
  if (prediction.timeline) {
    for (const TimelineSegment& segment : *prediction.timeline) {
      text += fmt::format("  {:>9} - {:>9}  {:.4f}  {}\n", clock_text(segment.begin_seconds),
                          clock_text(segment.end_seconds), segment.probability, segment.label);
    }
    return text;
  }
  for (const LabelProbability& guess : prediction.top) {
    text += fmt::format("  {:.4f}  {}\n", guess.probability, guess.label);
  }
  return text;
}

nlohmann::ordered_json prediction_json(const Prediction& prediction) {
  nlohmann::ordered_json json = {{"input", prediction.input}};
  if (!prediction.error.empty()) {
    json["error"] = prediction.error;
    return json;
  }
  json["frames"] = prediction.frames;
  json["top"] = nlohmann::ordered_json::array();
  for (const LabelProbability& guess : prediction.top) {
    json["top"].push_back({{"label", guess.label}, {"probability", guess.probability}});
  }
  if (!prediction.timeline) return json;
  json["timeline"] = nlohmann::ordered_json::array();
  for (const TimelineSegment& segment : *prediction.timeline) {
    json["timeline"].push_back({{"begin_seconds", segment.begin_seconds},
                                {"end_seconds", segment.end_seconds},
                                {"label", segment.label},
                                {"probability", segment.probability}});
  }
  return json;
}

std::string prediction_csv_header(CsvRows rows) {
  return rows == CsvRows::guesses ? "input,frames,rank,label,probability,error\n"
                                  : "input,begin_seconds,end_seconds,label,probability,error\n";
}

std::string prediction_csv(const Prediction& prediction, CsvRows rows) {
  const std::string input = csv_field(prediction.input);
  if (!prediction.error.empty()) return fmt::format("{},,,,,{}\n", input, csv_field(prediction.error));
  std::string text;
  if (rows == CsvRows::guesses) {
    int rank = 0;
    for (const LabelProbability& guess : prediction.top) {
      text += fmt::format("{},{},{},{},{},\n", input, prediction.frames, ++rank, csv_field(guess.label),
                          guess.probability);
    }
    return text;
  }
  for (const TimelineSegment& segment : *prediction.timeline) {
    text += fmt::format("{},{},{},{},{},\n", input, segment.begin_seconds, segment.end_seconds,
                        csv_field(segment.label), segment.probability);
  }
  return text;
}

std::string prediction_srt(const Prediction& prediction) {
  std::string text;
  int number = 0;
  for (const TimelineSegment& segment : *prediction.timeline) {
    if (segment.label == kUnknownLabel) continue;
    text += fmt::format("{}\n{} --> {}\n{} ({:.0f}%)\n\n", ++number, srt_time(segment.begin_seconds),
                        srt_time(segment.end_seconds), segment.label, 100 * segment.probability);
  }
  return text;
}

}  // namespace actrec
