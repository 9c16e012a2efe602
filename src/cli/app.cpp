#include "cli/app.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <torch/torch.h>

#include <cerrno>
#include <cstdio>
#include <iostream>
#include <new>
#include <system_error>

#include "cli/verbs.h"
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

[[noreturn]] void fail_on_unknown(const std::string& argument, const CLI::App& part) {
  const std::string usage = fmt::format("`actrec {} --help` lists the options", part.get_name());
  if (argument.rfind('-', 0) != 0) {
    throw ConfigError(fmt::format("unexpected argument '{}'", argument), usage);
  }
  std::vector<std::string> names;
  for (const CLI::Option* option : part.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  const std::string match = did_you_mean(argument.substr(0, argument.find('=')), names);
  throw ConfigError(fmt::format("unknown option '{}'", argument), match.empty() ? usage : match);
}

void check_unknown(const CLI::App& part) {
  for (const std::string& argument : part.remaining()) fail_on_unknown(argument, part);
  for (const CLI::App* sub : part.get_subcommands()) check_unknown(*sub);
}

// The first argument that is no option must be a verb.
void check_verb(const CLI::App& part, int argc, char** argv, int position) {
  if (position >= argc || argv[position][0] == '-') return;
  std::vector<std::string> names;
  for (const CLI::App* sub : part.get_subcommands({})) names.push_back(sub->get_name());
  const std::string word = argv[position];
  for (const CLI::App* sub : part.get_subcommands({})) {
    if (sub->get_name() != word) continue;
    if (!sub->get_subcommands({}).empty()) check_verb(*sub, argc, argv, position + 1);
    return;
  }
  const std::string match = did_you_mean(word, names);
  throw ConfigError(fmt::format("unknown command '{}'", word),
                    match.empty() ? "the commands are " + join(names, ", ") : match);
}

ExitCode run(CommandLine& line, int argc, char** argv) {
  check_verb(line.app, argc, argv, 1);
  try {
    line.app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {  // --help, --version
      line.app.exit(error, std::cout, std::cerr);
      return ExitCode::ok;
    }
    throw ConfigError(error.what(), "`actrec --help` lists the commands, `actrec VERB --help` their options");
  }
  check_unknown(line.app);
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
    return report(line.verbose ? error.what() : error.what_without_backtrace(),
                  line.verbose ? "" : "--verbose shows where in LibTorch", ExitCode::failure);
  } catch (const std::bad_alloc&) {
    return report("out of memory", "lower train.batch_size, clip.frames or data.prefetch", ExitCode::failure);
  } catch (const std::exception& error) {
    return report(error.what(), "", ExitCode::failure);
  }
}

}  // namespace actrec
