#include "engine/bench.h"

#include <fmt/format.h>

#include "cli/common.h"
#include "cli/verbs.h"
#include "engine/resources.h"
#include "report/progress.h"
#include "report/results_text.h"

namespace actrec {
namespace {

ExitCode bench_verb(const RunArguments& arguments, bool json) {
  Settings settings = settings_of(arguments);
  const DataSplits splits = load_splits(settings);
  choose_cache(settings, splits);
  ProgressLine line;
  const BenchResult result = bench(
      settings, splits, [&](const std::string& stage) { line.show(fmt::format("measuring: {}", stage)); });
  line.clear();
  if (json) {
    fmt::print("{}\n", bench_json(result).dump(2));
  } else {
    fmt::print("{}", bench_text(result));
  }
  return ExitCode::ok;
}

}  // namespace

Action declare_bench(CLI::App& app) {
  auto arguments = std::make_shared<RunArguments>();
  auto json = std::make_shared<bool>(false);
  add_run_arguments(app, *arguments);
  app.add_flag("--json", *json, "one JSON document on stdout");
  return [=] { return bench_verb(*arguments, *json); };
}

}  // namespace actrec
