#pragma once

#include <filesystem>

namespace actrec {

enum class Verbosity { quiet, normal, verbose };

// Sends the log to stderr (results own stdout): warnings and errors always, information unless quiet,
// details when verbose. Library code logs with spdlog::info and its siblings.
void init_logging(Verbosity verbosity);

// Also writes the log, details included, to a file, which is emptied or added to: all that follows, and, if
// this is the first such file, what was logged so far. A second file takes the place of the first. Call it
// after init_logging and while no other threads log. Throws Error when it cannot be opened.
enum class LogFile { anew, append };
void add_log_file(const std::filesystem::path& path, LogFile mode = LogFile::anew);

}  // namespace actrec
