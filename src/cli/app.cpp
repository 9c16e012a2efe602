#include "cli/app.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <torch/torch.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <new>
#include <system_error>

#include "cli/out_of_memory.h"
#include "cli/verbs.h"
#include "config/keys.h"
#include "core/logging.h"
#include "core/memory.h"
#include "core/stop_signal.h"
#include "core/text.h"
#include "data/video_reader.h"

namespace actrec {
namespace {

struct CommandLine {
  CLI::App app{"Trains, evaluates and applies action recognition models on video.", "actrec"};
  bool verbose = false;
  bool quiet = false;
  std::vector<Action> actions;

  CommandLine() {
    app.set_version_flag("--version", "actrec " ACTREC_VERSION);
    app.require_subcommand(1);
    app.footer("`actrec VERB --help` lists the options of a verb.");
    for (const Verb& verb : verbs()) {
      CLI::App* part = app.add_subcommand(verb.name, verb.summary);
      actions.push_back(verb.declare(*part));
      accept_unknown(*part);
    }
  }

  // Every verb, and every sub-verb, takes the general options and keeps what it does not know for
  // check_unknown().
  void accept_unknown(CLI::App& part) {
    part.allow_extras();
    part.add_flag("-v,--verbose", verbose, "log details");
    part.add_flag("-q,--quiet", quiet, "log warnings and errors only");
    for (CLI::App* sub : part.get_subcommands({})) accept_unknown(*sub);
  }
};

// "actrec config show"
std::string command_of(const CLI::App& part) {
  const CLI::App* parent = part.get_parent();
  return parent == nullptr ? part.get_name() : command_of(*parent) + " " + part.get_name();
}

std::string usage_of(const CLI::App& part) {
  return fmt::format("`{} --help` lists the {}", command_of(part),
                     part.get_subcommands({}).empty() ? "arguments" : "commands");
}

std::vector<std::string> commands_of(const CLI::App& part) {
  std::vector<std::string> names;
  for (const CLI::App* sub : part.get_subcommands({})) names.push_back(sub->get_name());
  return names;
}

// The verb, or sub-verb, that parsing got to.
const CLI::App& reached(const CLI::App& part) {
  const std::vector<CLI::App*> subs = part.get_subcommands();
  return subs.empty() ? part : reached(*subs.front());
}

[[noreturn]] void fail_on_missing(const CLI::App& part) {
  for (const CLI::Option* option : part.get_options()) {
    if (!option->get_required() || option->count() > 0) continue;
    throw ConfigError(fmt::format("`{}` needs {}: {}", command_of(part), option->get_type_name(),
                                  option->get_description()),
                      usage_of(part));
  }
  throw ConfigError(fmt::format("`{}` needs a command: {}", command_of(part), join(commands_of(part), ", ")),
                    usage_of(part));
}

// "use --set train.epochs=3" for --epochs: the settings whose name or last part the unknown option has.
std::string suggest_settings(const std::string& option, const std::string& value) {
  std::string name = option.substr(std::min(option.find_first_not_of('-'), option.size()));
  std::replace(name.begin(), name.end(), '-', '_');
  std::vector<std::string> matches;
  for (const std::string& key : setting_keys()) {
    if (key == name || key.substr(key.rfind('.') + 1) == name) {
      matches.push_back(fmt::format("--set {}={}", key, value));
    }
  }
  return matches.empty() ? "" : "use " + join(matches, " or ");
}

// `next` is what follows the argument on the command line.
[[noreturn]] void fail_on_unknown(const std::string& argument, const char* next, const CLI::App& part) {
  if (argument.rfind('-', 0) != 0) {
    throw ConfigError(fmt::format("unexpected argument '{}'", argument), usage_of(part));
  }
  const std::size_t equals = argument.find('=');
  const std::string option = argument.substr(0, equals);
  std::string hint;
  if (part.get_option_no_throw("--set") != nullptr) {
    const bool has_next = next != nullptr && next[0] != '-';
    hint = suggest_settings(option, equals != std::string::npos ? argument.substr(equals + 1)
                                    : has_next                  ? next
                                                                : "VALUE");
  }
  if (hint.empty()) {
    std::vector<std::string> names;
    for (const CLI::Option* known : part.get_options()) {
      for (const std::string& name : known->get_lnames()) names.push_back("--" + name);
    }
    hint = did_you_mean(option, names);
  }
  throw ConfigError(fmt::format("unknown option '{}'", argument), hint.empty() ? usage_of(part) : hint);
}

void check_unknown(const CLI::App& part, int argc, char** argv) {
  for (const std::string& argument : part.remaining()) {
    char** const found = std::find(argv, argv + argc, argument);
    fail_on_unknown(argument, found == argv + argc ? nullptr : found[1], part);  // argv ends with a null
  }
  for (const CLI::App* sub : part.get_subcommands()) check_unknown(*sub, argc, argv);
}

// The first argument that is no option must be a verb.
void check_verb(const CLI::App& part, int argc, char** argv, int position) {
  if (position >= argc || argv[position][0] == '-') return;
  const std::string word = argv[position];
  for (const CLI::App* sub : part.get_subcommands({})) {
    if (sub->get_name() != word) continue;
    if (!sub->get_subcommands({}).empty()) check_verb(*sub, argc, argv, position + 1);
    return;
  }
  const std::vector<std::string> names = commands_of(part);
  const std::string match = did_you_mean(word, names);
  throw ConfigError(fmt::format("unknown command '{}'", word),
                    match.empty() ? "the commands are " + join(names, ", ") : match);
}

ExitCode run(CommandLine& line, int argc, char** argv) {
  check_verb(line.app, argc, argv, 1);
  try {
    line.app.parse(argc, argv);
  } catch (const CLI::RequiredError&) {
    fail_on_missing(reached(line.app));
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {  // --help, --version
      line.app.exit(error, std::cout, std::cerr);
      return ExitCode::ok;
    }
    throw ConfigError(error.what(), usage_of(reached(line.app)));
  }
  check_unknown(line.app, argc, argv);
  init_logging(line.verbose ? Verbosity::verbose : line.quiet ? Verbosity::quiet : Verbosity::normal);
  configure_video_libraries();
  install_stop_handler();
  for (std::size_t i = 0; i < verbs().size(); ++i) {
    if (line.app.got_subcommand(verbs()[i].name)) return line.actions[i]();
  }
  return ExitCode::usage;
}

// Results that did not reach stdout (a full disk behind it) must not look like success.
void finish_results() {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return;
  throw Error(fmt::format("cannot write the results to stdout: {}", std::generic_category().message(errno)),
              "free some disk space, or send the results elsewhere");
}

int report(const std::string& what, const std::string& hint, ExitCode code) {
  fmt::print(stderr, "error: {}{}{}\n", what, hint.empty() ? "" : "; hint: ", hint);
  return static_cast<int>(code);
}

}  // namespace

int run_command_line(int argc, char** argv) {
  keep_freed_memory();
  CommandLine line;
  try {
    const ExitCode code = run(line, argc, argv);
    finish_results();
    return static_cast<int>(code);
  } catch (const Interrupted&) {
    return report("interrupted", "", ExitCode::interrupted);
  } catch (const Error& error) {
    return report(error.what(), error.hint(), error.exit_code());
  } catch (const c10::Error& error) {
    const std::string message = error.what_without_backtrace();
    return report(line.verbose ? error.what() : message,
                  is_about_memory(message) ? memory_hint(message)
                  : line.verbose           ? ""
                                           : "--verbose shows where in LibTorch",
                  ExitCode::failure);
  } catch (const std::bad_alloc&) {
    return report("out of memory", kMemoryHint, ExitCode::failure);
  } catch (const std::filesystem::filesystem_error& error) {
    const std::string path = error.path1().empty() ? "the working directory" : error.path1().string();
    return report(fmt::format("{}: {}", path, error.code().message()), "check the path and its permissions",
                  ExitCode::data);
  } catch (const std::exception& error) {
    return report(error.what(), "", ExitCode::failure);
  }
}

}  // namespace actrec
