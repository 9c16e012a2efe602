#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <vector>

#include "report/report.h"

namespace actrec {

// The evaluation that these labels and predictions, each with its probability, give. Everything that follows
// from them by counting is filled in.
inline EvaluationResult evaluation_of_clips(const std::vector<std::string>& classes,
                                            const std::vector<ClipPrediction>& clips) {
  EvaluationResult result;
  result.classes = classes;
  result.predictions = clips;
  result.clips = static_cast<std::int64_t>(clips.size());
  result.confusion.assign(classes.size(), std::vector<std::int64_t>(classes.size()));
  std::int64_t hits = 0;
  for (const ClipPrediction& clip : clips) {
    ++result.confusion[static_cast<std::size_t>(clip.label)][static_cast<std::size_t>(clip.prediction)];
    hits += clip.right() ? 1 : 0;
  }
  result.top1 = static_cast<double>(hits) / static_cast<double>(result.clips);
  for (const std::string& name : classes) result.per_class.push_back({name, 1, 0.5, 0.5, 0.5});
  return result;
}

// A clip whose prediction has the probability `confidence`; the other classes share the rest.
inline ClipPrediction predicted(const std::string& name, std::size_t classes, std::int64_t label,
                                std::int64_t prediction, double confidence) {
  ClipPrediction clip{name, "", label, prediction, {}};
  clip.probabilities.assign(classes, (1 - confidence) / static_cast<double>(classes - 1));
  clip.probabilities[static_cast<std::size_t>(prediction)] = confidence;
  return clip;
}

}  // namespace actrec
