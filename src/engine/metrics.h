#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/results.h"

namespace actrec {

// Collects predictions and computes classification metrics from them.
class ClassificationMeter {
 public:
  explicit ClassificationMeter(std::vector<std::string> classes);

  // One clip: its label and the K logits. Ties go to the lower class index.
  void add(std::int64_t label, const float* logits);
  // Over everything added; all zero where nothing was. The predictions have no names or groups.
  EvaluationResult result() const;

 private:
  std::vector<std::string> classes_;
  std::vector<std::vector<std::int64_t>> confusion_;
  std::int64_t clips_ = 0, top5_hits_ = 0;
  double loss_sum_ = 0;
  std::vector<ClipPrediction> predictions_;
};

// The class with the largest logit; ties go to the lower index.
std::size_t predicted_class(const float* logits, std::size_t count);

// The figures that follow from a confusion matrix [label][prediction]. top5 and loss do not follow from it
// and are taken as they are.
EvaluationResult evaluation_of(std::vector<std::string> classes,
                               std::vector<std::vector<std::int64_t>> confusion, double top5, double loss);

// The figures of several evaluations as one; at least one, all with the same classes.
EvaluationResult pool_evaluations(const std::vector<EvaluationResult>& parts);

// Softmax of logits / temperature, in double precision.
std::vector<double> softmax(const float* logits, std::size_t count, double temperature = 1);

}  // namespace actrec
