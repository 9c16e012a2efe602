#include <fmt/format.h>

#include "cli/common.h"
#include "cli/verbs.h"
#include "config/config_file.h"
#include "config/describe.h"

namespace actrec {
namespace {

Action declare_show(CLI::App& app) {
  auto file = std::make_shared<std::string>();
  auto overrides = std::make_shared<std::vector<std::string>>();
  app.add_option("config", *file, "a configuration; without one, the defaults")->type_name("CONFIG");
  app.add_option("--set", *overrides, "change a setting")->type_name("KEY=VALUE")->allow_extra_args(false);
  return [=] {
    fmt::print("{}\n", settings_to_json(settings_of(*file, *overrides)).dump(2));
    return ExitCode::ok;
  };
}

Action declare_explain(CLI::App& app) {
  auto key = std::make_shared<std::string>();
  auto markdown = std::make_shared<bool>(false);
  app.add_option("key", *key, "a setting or section, for example train.learning_rate")->type_name("KEY");
  app.add_flag("--markdown", *markdown, "the table of all settings, for documentation");
  return [=] {
    fmt::print("{}", *markdown ? settings_markdown() : explain_settings(*key));
    return ExitCode::ok;
  };
}

Action declare_schema(CLI::App&) {
  return [] {
    fmt::print("{}\n", settings_schema().dump(2));
    return ExitCode::ok;
  };
}

Action declare_diff(CLI::App& app) {
  auto before = std::make_shared<std::string>();
  auto after = std::make_shared<std::string>();
  app.add_option("a", *before, "a configuration")->required()->type_name("A");
  app.add_option("b", *after, "another; without it, A is compared with the defaults")->type_name("B");
  return [=] {
    const bool with_defaults = after->empty();
    const Settings one = settings_of(with_defaults ? "" : *before, {});
    const Settings other = settings_of(with_defaults ? *before : *after, {});
    const std::vector<std::string> lines = diff_settings(one, other);
    for (const std::string& line : lines) fmt::print("{}\n", line);
    if (lines.empty()) fmt::print("no differences\n");
    return ExitCode::ok;
  };
}

}  // namespace

Action declare_config(CLI::App& app) {
  struct SubVerb {
    const char* name;
    const char* summary;
    Action (*declare)(CLI::App&);
  };
  static constexpr SubVerb kSubVerbs[] = {
      {"show", "print a configuration with everything filled in", declare_show},
      {"explain", "describe settings: type, default, range, meaning", declare_explain},
      {"schema", "print the JSON Schema of configurations, for editors", declare_schema},
      {"diff", "list the settings in which two configurations differ", declare_diff},
  };
  app.require_subcommand(1);
  std::vector<std::pair<CLI::App*, Action>> actions;
  for (const SubVerb& verb : kSubVerbs) {
    CLI::App* part = app.add_subcommand(verb.name, verb.summary);
    actions.emplace_back(part, verb.declare(*part));
  }
  return [actions] {
    for (const auto& [part, action] : actions) {
      if (part->parsed()) return action();
    }
    return ExitCode::usage;
  };
}

}  // namespace actrec
