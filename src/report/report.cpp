#include "report/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "core/atomic_file.h"
#include "report/ablation_text.h"
#include "report/base64.h"
#include "report/confusion_image.h"
#include "report/report_template.h"
#include "report/results_text.h"
#include "report/statistics_text.h"
#include "report/tables.h"

namespace actrec {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kTopGuesses = 3;

// The predictions for which `wanted` holds, ordered by confidence.
std::vector<std::size_t> by_confidence(const EvaluationResult& result, bool right, bool most_confident_first,
                                       std::size_t most) {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < result.predictions.size(); ++i) {
    if (result.predictions[i].right() == right) found.push_back(i);
  }
  std::stable_sort(found.begin(), found.end(), [&](std::size_t a, std::size_t b) {
    const double one = result.predictions[a].confidence(), other = result.predictions[b].confidence();
    return most_confident_first ? one > other : one < other;
  });
  found.resize(std::min(found.size(), most));
  return found;
}

Json note(bool warning, const std::string& text) { return {{"warning", warning}, {"text", text}}; }

Json notes_json(const Report& report) {
  Json notes = Json::array();
  const std::optional<SplitInfo>& split = report.evaluation.split;
  if (split && split->random()) {
    notes.push_back(note(true,
                         "RANDOM SPLIT: clips were divided one by one. If several come from one recording or "
                         "show one person, these figures are too good."));
  }
  if (split && !split->leakage.empty()) notes.push_back(note(split->leaking(), "leakage: " + split->leakage));
  const EvaluationResult& result = report.evaluation;
  if (result.ablation) notes.push_back(note(false, time_sentence(result)));
  if (result.calibration)
    notes.push_back(note(false, "calibration error " + calibration_text(*result.calibration)));
  if (result.intervals) notes.push_back(note(false, bootstrap_text(result.intervals->bootstrap)));
  return notes;
}

Json epochs_json(const std::vector<EpochResult>& epochs) {
  Json list = Json::array();
  for (const EpochResult& epoch : epochs) {
    list.push_back({{"epoch", epoch.epoch},
                    {"train_loss", epoch.train_loss},
                    {"train_top1", epoch.train_top1},
                    {"val_loss", epoch.val_loss},
                    {"val_top1", epoch.val_top1}});
  }
  return list;
}

// The most probable classes, the prediction first whatever rounding made of ties.
Json top_json(const EvaluationResult& result, const ClipPrediction& clip) {
  std::vector<std::size_t> order;
  for (std::size_t k = 0; k < result.classes.size(); ++k) order.push_back(k);
  const auto prediction = static_cast<std::size_t>(clip.prediction);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    if (a == prediction || b == prediction) return a == prediction && b != prediction;
    return clip.probabilities[a] > clip.probabilities[b];
  });
  order.resize(std::min(order.size(), kTopGuesses));
  Json top = Json::array();
  for (const std::size_t k : order) top.push_back({result.classes[k], clip.probabilities[k]});
  return top;
}

Json strips_json(const EvaluationResult& result, const std::vector<Filmstrip>& strips) {
  Json list = Json::array();
  for (const Filmstrip& strip : strips) {
    const ClipPrediction& clip = result.predictions[strip.clip];
    Json frames = Json::array();
    for (const std::string& frame : strip.frames) frames.push_back(base64(frame));
    list.push_back({{"clip", clip.name},
                    {"label", result.classes[static_cast<std::size_t>(clip.label)]},
                    {"prediction", result.classes[static_cast<std::size_t>(clip.prediction)]},
                    {"top", top_json(result, clip)},
                    {"frames", frames}});
  }
  return list;
}

Json ablation_rows(const EvaluationResult& result) {
  const AblationResult& ablation = *result.ablation;
  Json rows = {{"the clip", ablation.top1},
               {"only its centre frame", ablation.single_frame.top1},
               {"the mean of its frames", ablation.mean_frame.top1},
               {"its frames shuffled", ablation.shuffled.top1},
               {"its frames reversed", ablation.reversed.top1}};
  Json list = Json::array();
  for (const auto& [name, value] : rows.items()) list.push_back({name, value});
  if (ablation.majority_class) list.push_back({"always " + ablation.majority_name, *ablation.majority_class});
  return list;
}

Json split_facts(const Report& report) {
  Json facts = Json::array();
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) facts.push_back({name, value});
  };
  if (report.evaluation.split) {
    const SplitInfo& split = *report.evaluation.split;
    add("Data set", split.data);
    add("Evaluated", split.name);
    add("Divided", split.method);
    add("Fingerprint", split.fingerprint);
    add("Leakage", split.leakage);
  }
  if (!report.evaluation.skipped.empty())
    add("Clips left out, which cannot be read", std::to_string(report.evaluation.skipped.size()));
  return facts;
}

std::string subtitle(const Report& report) {
  const EvaluationResult& result = report.evaluation;
  std::string text;
  if (result.split) {
    text = (result.split->name == "all" ? "all clips" : result.split->name + " split") +
           (result.split->method.empty() ? "" : ", " + result.split->method) + ": ";
  }
  text += fmt::format("{} clips of {} classes", result.clips, result.classes.size());
  return report.epoch > 0 ? fmt::format("{}; epoch {}", text, report.epoch) : text;
}

Json report_json(const Report& report) {
  const EvaluationResult& result = report.evaluation;
  Json splits = Json::array();
  for (const SplitSummary& one : report.splits) {
    splits.push_back(
        {{"name", one.name}, {"clips", one.clips}, {"groups", one.groups}, {"classes", one.classes}});
  }
  Json json = {{"title", report.title},
               {"subtitle", subtitle(report)},
               {"metrics", evaluation_json(result)},
               {"notes", notes_json(report)},
               {"epochs", epochs_json(report.epochs)},
               {"epoch", report.epoch},
               {"mistakes", strips_json(result, report.mistakes)},
               {"uncertain", strips_json(result, report.uncertain)},
               {"splits", splits},
               {"split_facts", split_facts(report)},
               {"environment", report.environment},
               {"config", report.config}};
  if (result.ablation)
    json["ablation"] = {{"sentence", time_sentence(result)}, {"rows", ablation_rows(result)}};
  return json;
}

// JSON that can stand in a script element: nothing in it ends the element or begins a comment.
std::string for_script(const Json& json) {
  std::string text;
  for (const char c : json.dump(-1, ' ', true, Json::error_handler_t::replace)) {
    if (c == '<') {
      text += "\\u003c";
    } else {
      text += c;
    }
  }
  return text;
}

}  // namespace

std::vector<std::size_t> confident_mistakes(const EvaluationResult& result, std::size_t most) {
  return by_confidence(result, false, true, most);
}

std::vector<std::size_t> uncertain_hits(const EvaluationResult& result, std::size_t most) {
  return by_confidence(result, true, false, most);
}

std::string report_html(const Report& report) {
  constexpr std::string_view kMark = "@REPORT_DATA@";
  std::string html = kReportTemplate;
  return html.replace(html.find(kMark), kMark.size(), for_script(report_json(report)));
}

void write_report(const Report& report, const std::filesystem::path& directory) {
  create_writable_directory(directory);
  const EvaluationResult& result = report.evaluation;
  const auto write = [&](const char* name, const std::string& content) {
    write_file_atomically(directory / name, content);
  };
  write("metrics.json", evaluation_json(result).dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
  write("predictions.csv", predictions_csv(result));
  write("confusion.csv", confusion_csv(result));
  write("confusion.png", confusion_png(result));
  write("report.html", report_html(report));
}

}  // namespace actrec
