#pragma once

#include "engine/results.h"
#include "report/prediction_text.h"

namespace actrec {

enum class PredictionFormat { text, json, csv, srt };

// Prints predictions to stdout as they become known; the JSON form is one list of all of them. Inputs are
// bytes, of which those that are no UTF-8 are replaced in JSON.
class PredictionPrinter {
 public:
  // `rows` is for csv.
  PredictionPrinter(PredictionFormat format, CsvRows rows);
  // Closes the list, also where an exception ends the predictions, so that those printed can be read.
  ~PredictionPrinter();
  PredictionPrinter(const PredictionPrinter&) = delete;
  PredictionPrinter& operator=(const PredictionPrinter&) = delete;

  void print(const Prediction& prediction);

 private:
  PredictionFormat format_;
  CsvRows rows_;
  bool first_ = true;
};

}  // namespace actrec
