#pragma once

#include <filesystem>
#include <string>

#include "cli/evaluation_data.h"
#include "engine/checkpoint.h"
#include "engine/evaluator.h"
#include "engine/process_group.h"
#include "report/report.h"

namespace actrec {

// Of the filmstrips in reports.
inline constexpr int kFilmstripFrames = 6, kFilmstripHeight = 120;  // height in pixels

// Gathers what a report shows: the evaluation of the checkpoint in `file` on `data`, the clips that are most
// worth looking at, and the metrics of its run where they lie beside it.
Report make_report(const std::filesystem::path& file, const Checkpoint& checkpoint,
                   const EvaluationData& data, EvaluationResult evaluation);

// Evaluates the best checkpoint of a finished run, trained with `settings`, on the validation split and
// writes report.html into the run's directory. Every process of the group must call it; the first writes.
// What goes wrong is a warning: the training is done.
void write_run_report(const std::filesystem::path& directory, const Settings& settings,
                      const DataSplits& splits, ProcessGroup& group);

}  // namespace actrec
