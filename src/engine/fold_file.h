#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "config/settings.h"
#include "engine/results.h"

// The tested fold of a cross-validation on disk.

namespace actrec {

// Keeps a run's result in DIRECTORY/result.json, with the settings and the split's fingerprint. Atomic.
void write_fold_result(const std::filesystem::path& directory, const Settings& settings,
                       const std::string& fingerprint, const FoldResult& result);

// The result of a run that is finished; none where there is no result.json. Throws ConfigError that lists the
// changes where it was trained with other settings, DataError where its clips were others or divided in
// another way, Error for a file that is damaged.
std::optional<FoldResult> read_fold_result(const std::filesystem::path& directory, const Settings& settings,
                                           const std::string& fingerprint);

}  // namespace actrec
