#pragma once

#include <filesystem>

namespace actrec {

enum class Verbosity { quiet, normal, verbose };

// Sends the log to stderr (results own stdout): warnings and errors always, information unless quiet,
// details when verbose. Library code logs with spdlog::info and its siblings.
void init_logging(Verbosity verbosity);

// Also writes the log, what was logged so far and all that follows, details included, to a new file. Call
// once, after init_logging and before other threads log. Throws Error when it cannot be opened.
void add_log_file(const std::filesystem::path& path);

}  // namespace actrec
