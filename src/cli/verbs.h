#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <vector>

#include "core/error.h"

namespace actrec {

// What a verb does once its arguments are known. Results go to stdout.
using Action = std::function<ExitCode()>;

// A verb of the command line: `declare` adds its arguments to its part of the parser and returns what to run.
struct Verb {
  const char* name;
  const char* summary;
  Action (*declare)(CLI::App& app);
};

// All verbs, in the order `actrec --help` lists them.
const std::vector<Verb>& verbs();

Action declare_train(CLI::App& app);
Action declare_crossval(CLI::App& app);
Action declare_evaluate(CLI::App& app);
Action declare_compare(CLI::App& app);
Action declare_predict(CLI::App& app);
Action declare_bench(CLI::App& app);
Action declare_preview(CLI::App& app);
Action declare_init(CLI::App& app);
Action declare_check(CLI::App& app);
Action declare_inspect(CLI::App& app);
Action declare_export(CLI::App& app);
Action declare_config(CLI::App& app);
Action declare_doctor(CLI::App& app);
Action declare_demo(CLI::App& app);

}  // namespace actrec
