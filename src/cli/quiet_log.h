#pragma once

#include <spdlog/spdlog.h>

namespace actrec {

// Leaves only errors in the log, while it lives: for work on a run whose training tells of the device, of
// threads and of damaged clips, too.
class QuietLog {
 public:
  QuietLog() : level_(spdlog::get_level()) { spdlog::set_level(spdlog::level::err); }
  ~QuietLog() { spdlog::set_level(level_); }
  QuietLog(const QuietLog&) = delete;
  QuietLog& operator=(const QuietLog&) = delete;

 private:
  spdlog::level::level_enum level_;
};

}  // namespace actrec
