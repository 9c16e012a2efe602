#include "report/tables.h"

#include <fmt/format.h>

namespace actrec {
namespace {

std::string field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + '"';
}

}  // namespace

std::string predictions_csv(const EvaluationResult& result) {
  std::string text = "clip,group,label,prediction";
  for (const std::string& name : result.classes) text += ',' + field(name);
  text += '\n';
  for (const ClipPrediction& clip : result.predictions) {
    text += fmt::format("{},{},{},{}", field(clip.name), field(clip.group),
                        field(result.classes[static_cast<std::size_t>(clip.label)]),
                        field(result.classes[static_cast<std::size_t>(clip.prediction)]));
    for (const double probability : clip.probabilities) text += fmt::format(",{}", probability);
    text += '\n';
  }
  return text;
}

std::string confusion_csv(const EvaluationResult& result) {
  std::string text = "true class";
  for (const std::string& name : result.classes) text += ',' + field(name);
  text += '\n';
  for (std::size_t row = 0; row < result.classes.size(); ++row) {
    text += field(result.classes[row]);
    for (const std::int64_t clips : result.confusion[row]) text += fmt::format(",{}", clips);
    text += '\n';
  }
  return text;
}

}  // namespace actrec
