#include "core/logging.h"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/ringbuffer_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>

#include "core/error.h"

namespace actrec {
namespace {

// What a run says before its log file exists.
constexpr std::size_t kRemembered = 1000;
std::shared_ptr<spdlog::sinks::ringbuffer_sink_mt> remembered;
constexpr std::size_t kOnlyStderr = 1;  // sinks

}  // namespace

void init_logging(Verbosity verbosity) {
  auto sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
  sink->set_level(verbosity == Verbosity::quiet     ? spdlog::level::warn
                  : verbosity == Verbosity::verbose ? spdlog::level::debug
                                                    : spdlog::level::info);
  sink->set_pattern("%^%l%$: %v");
  remembered = std::make_shared<spdlog::sinks::ringbuffer_sink_mt>(kRemembered);
  auto logger = std::make_shared<spdlog::logger>("actrec", spdlog::sinks_init_list{sink, remembered});
  logger->set_level(spdlog::level::debug);
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(logger);
}

void add_log_file(const std::filesystem::path& path, LogFile mode) {
  try {
    auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path.string(), mode == LogFile::anew);
    sink->set_level(spdlog::level::debug);
    sink->set_pattern("%Y-%m-%d %H:%M:%S %l: %v");
    if (remembered) {
      for (const spdlog::details::log_msg_buffer& message : remembered->last_raw()) sink->log(message);
      remembered.reset();
    }
    auto& sinks = spdlog::default_logger()->sinks();
    sinks.resize(kOnlyStderr);
    sinks.push_back(sink);
  } catch (const spdlog::spdlog_ex& error) {
    throw Error(error.what(), "check that the output directory may be written to");
  }
}

}  // namespace actrec
