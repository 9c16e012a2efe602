#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "cli/common.h"
#include "cli/verbs.h"
#include "core/atomic_file.h"
#include "core/error.h"
#include "core/text.h"
#include "data/manifest.h"
#include "engine/dataset_check.h"
#include "report/check_text.h"
#include "report/progress.h"

namespace actrec {
namespace {

namespace fs = std::filesystem;

struct CheckArguments {
  RunArguments run;
  std::string output;
  bool json = false, strict = false;
};

// The place where the next check and training look, and the file that was asked for.
std::vector<fs::path> manifests_of(const Settings& settings, const std::string& output) {
  std::vector<fs::path> manifests;
  const fs::path kept = manifest_file(settings.data);
  try {
    if (!kept.empty()) create_writable_directory(kept.parent_path());
    if (!kept.empty()) manifests.push_back(kept);
  } catch (const Error& error) {
    spdlog::warn("the check cannot be continued where it is stopped: {}", error.what());
  }
  if (!output.empty()) {
    const fs::path file = absolute_path(output);
    manifests.push_back(fs::is_directory(file) ? file / "manifest.json" : file);
    create_writable_directory(manifests.back().parent_path());
  }
  return manifests;
}

ExitCode check_verb(const CheckArguments& arguments) {
  const Settings settings = settings_of(arguments.run);
  const DatasetIndex index = load_index(settings);
  ProgressLine line;
  const CheckResult result = check_dataset(
      settings, index, manifests_of(settings, arguments.output), [&](const CheckProgress& progress) {
        line.show(fmt::format("{}/{} videos  {} broken  {} left", progress.done, progress.total,
                              format_count(progress.broken, "clip"), format_duration(progress.seconds_left)));
      });
  line.clear();
  if (arguments.json) {
    // A path may hold bytes that are no UTF-8.
    fmt::print("{}\n", check_json(result).dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
  } else {
    fmt::print("{}", check_text(result));
  }
  const bool failed = !result.broken.empty() || (arguments.strict && result.leaking);
  return failed ? ExitCode::data : ExitCode::ok;
}

}  // namespace

Action declare_check(CLI::App& app) {
  auto arguments = std::make_shared<CheckArguments>();
  add_data_arguments(app, arguments->run);
  app.add_option("-o,--output", arguments->output,
                 "write the manifest to this file, too, or as manifest.json into this directory")
      ->type_name("FILE");
  app.add_flag("--strict", arguments->strict, "leaks between splits end with exit code 3 as well");
  app.add_flag("--json", arguments->json, "one JSON document on stdout");
  return [=] { return check_verb(*arguments); };
}

}  // namespace actrec
