#include "report/prediction_printer.h"

#include <fmt/format.h>

#include <cstdio>

namespace actrec {
namespace {

// One element of a list that is printed piece by piece. Line ends within texts are escaped, so each one in
// the document may be indented.
std::string list_element(const nlohmann::ordered_json& json) {
  std::string text = "  ";
  for (const char c : json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace)) {
    text += c;
    if (c == '\n') text += "  ";
  }
  return text;
}

}  // namespace

PredictionPrinter::PredictionPrinter(PredictionFormat format, CsvRows rows) : format_(format), rows_(rows) {
  if (format_ == PredictionFormat::csv) std::fputs(prediction_csv_header(rows_).c_str(), stdout);
}

PredictionPrinter::~PredictionPrinter() {
  if (format_ == PredictionFormat::json) std::fputs(first_ ? "[]\n" : "\n]\n", stdout);
}

void PredictionPrinter::print(const Prediction& prediction) {
  std::string text;
  switch (format_) {
    case PredictionFormat::text:
      text = prediction_text(prediction);
      break;
    case PredictionFormat::json:
      text = (first_ ? "[\n" : ",\n") + list_element(prediction_json(prediction));
      break;
    case PredictionFormat::csv:
      text = prediction_csv(prediction, rows_);
      break;
    case PredictionFormat::srt:
      if (prediction.timeline) text = prediction_srt(prediction);
      break;
  }
  first_ = false;
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

}  // namespace actrec
