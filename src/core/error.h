#pragma once

#include <stdexcept>
#include <string>

namespace actrec {

// Process exit codes; scripts rely on them.
enum class ExitCode { ok = 0, failure = 1, usage = 2, data = 3, interrupted = 130 };

// Base of everything actrec throws on purpose. `what()` says what is wrong and where (the file or the
// key); `hint()` says what to do about it and may be empty. main prints both on one line.
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& what, std::string hint = {}, ExitCode code = ExitCode::failure)
      : std::runtime_error(what), hint_(std::move(hint)), code_(code) {}
  const std::string& hint() const noexcept { return hint_; }
  ExitCode exit_code() const noexcept { return code_; }

 private:
  std::string hint_;
  ExitCode code_;
};

// A wrong configuration or command line.
class ConfigError : public Error {
 public:
  explicit ConfigError(const std::string& what, std::string hint = {})
      : Error(what, std::move(hint), ExitCode::usage) {}
};

// A data set, list or video that cannot be used.
class DataError : public Error {
 public:
  explicit DataError(const std::string& what, std::string hint = {})
      : Error(what, std::move(hint), ExitCode::data) {}
};

// A checkpoint or weight file that cannot be used.
class CheckpointError : public Error {
 public:
  using Error::Error;
};

// The user asked to stop (see stop_signal.h).
class Interrupted : public Error {
 public:
  Interrupted() : Error("interrupted", "", ExitCode::interrupted) {}
};

}  // namespace actrec
