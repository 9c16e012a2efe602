#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "engine/results.h"

namespace actrec {

// Predictions as people read them, and as programs do. The keys of the JSON form are fixed.

std::string prediction_text(const Prediction& prediction);
nlohmann::ordered_json prediction_json(const Prediction& prediction);

// Comma-separated values (RFC 4180): without timeline, a row for each guess, best first
// (input,frames,rank,label,probability,error); with one, a row for each segment
// (input,begin_seconds,end_seconds,label,probability,error). What has failed is one row with its error.
enum class CsvRows { guesses, segments };
std::string prediction_csv_header(CsvRows rows);
std::string prediction_csv(const Prediction& prediction, CsvRows rows);

// The timeline as SubRip subtitles; unknown parts have none.
std::string prediction_srt(const Prediction& prediction);

// A number of seconds as 1:02:03.4, without hours where there are none.
std::string clock_text(double seconds);

}  // namespace actrec
