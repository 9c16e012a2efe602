#include "report/crossval_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/text.h"
#include "report/results_text.h"
#include "report/statistics_text.h"

namespace actrec {
namespace {

std::string groups_text(const std::vector<std::string>& groups) {
  constexpr std::size_t kMost = 6;
  if (groups.size() <= kMost) return join(groups, ", ");
  return fmt::format("{} and {} more", join({groups.begin(), groups.begin() + kMost}, ", "),
                     groups.size() - kMost);
}

std::string folds_text(const CrossValidationResult& result) {
  std::string text = "fold  seed  clips   top-1  best epoch  groups\n";
  for (const FoldResult& fold : result.folds) {
    std::string line =
        fmt::format("{:>4}  {:>4}  {:>5}  {:.4f}  {:>10}  {}", fold.fold, fold.seed, fold.evaluation.clips,
                    fold.evaluation.top1, fold.best_epoch, groups_text(fold.groups));
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

bool has_random_split(const CrossValidationResult& result) {
  return std::any_of(result.folds.begin(), result.folds.end(),
                     [](const FoldResult& fold) { return fold.split.random(); });
}

// What there is to say against the results.
std::string warnings_text(const CrossValidationResult& result) {
  std::string text;
  if (has_random_split(result))
    text += "RANDOM SPLIT: the folds divide clips one by one, so results may be too good\n";
  for (const FoldResult& fold : result.folds) {
    if (fold.split.leaking())
      text += fmt::format("fold {}, seed {}: {}\n", fold.fold, fold.seed, fold.split.leakage);
  }
  return text.empty() ? text : text + '\n';
}

std::string mean_text(const CrossValidationResult& result) {
  std::string text;
  if (result.seeds.size() > 1) {
    for (const SeedResult& one : result.seeds)
      text += fmt::format("seed {:<13}  {:.4f} +- {:.4f}\n", one.seed, one.top1, one.top1_std);
    text += fmt::format("mean of {:<10}  {:.4f} +- {:.4f}", format_count(result.seeds.size(), "seed"),
                        result.top1, result.top1_std);
  } else {
    text += fmt::format("mean of {:<10}  {:.4f} +- {:.4f}", format_count(result.folds.size(), "fold"),
                        result.top1, result.top1_std);
  }
  return text + "  (top-1 accuracy; sample standard deviation over the folds)\n";
}

}  // namespace

std::string crossval_text(const CrossValidationState& state) {
  std::string text;
  if (state.finished) text += folds_text(*state.finished) + '\n' + warnings_text(*state.finished);
  if (!state.unfinished.empty()) {
    return text + fmt::format("not finished: {}; when they are, the same command gives the means\n",
                              join(state.unfinished, ", "));
  }
  return text + mean_text(*state.finished) + "\nall folds together\n" +
         evaluation_text(state.finished->pooled);
}

nlohmann::ordered_json crossval_json(const CrossValidationState& state) {
  nlohmann::ordered_json folds = nlohmann::ordered_json::array();
  if (state.finished) {
    for (const FoldResult& fold : state.finished->folds) {
      folds.push_back({{"fold", fold.fold},
                       {"seed", fold.seed},
                       {"clips", fold.evaluation.clips},
                       {"top1", fold.evaluation.top1},
                       {"mean_class_accuracy", fold.evaluation.mean_class_accuracy},
                       {"loss", fold.evaluation.loss},
                       {"best_epoch", fold.best_epoch},
                       {"groups", fold.groups},
                       {"skipped", fold.evaluation.skipped.size()},
                       {"split", split_json(fold.split)}});
    }
  }
  if (!state.unfinished.empty()) return {{"folds", folds}, {"unfinished", state.unfinished}};
  nlohmann::ordered_json seeds = nlohmann::ordered_json::array();
  for (const SeedResult& one : state.finished->seeds)
    seeds.push_back({{"seed", one.seed}, {"top1", one.top1}, {"top1_std", one.top1_std}});
  const nlohmann::ordered_json pooled = evaluation_json(state.finished->pooled);
  nlohmann::ordered_json json = {{"top1", state.finished->top1},
                                 {"top1_std", state.finished->top1_std},
                                 {"folds", folds},
                                 {"seeds", seeds},
                                 {"clips", pooled["clips"]},
                                 {"pooled_top1", pooled["top1"]},
                                 {"classes", pooled["classes"]},
                                 {"confusion", pooled["confusion"]},
                                 {"per_class", pooled["per_class"]},
                                 {"skipped", pooled["skipped"]},
                                 {"skipped_clips", pooled["skipped_clips"]},
                                 {"random_split", has_random_split(*state.finished)}};
  for (const char* tests : {"baselines", "order"}) {  // of folds that were tested before there were any: none
    if (pooled.contains(tests)) json[tests] = pooled[tests];
  }
  return json;
}

}  // namespace actrec
