#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <vector>

#include "config/settings.h"
#include "data/dataset_index.h"
#include "engine/check_result.h"

namespace actrec {

// How far a check has come.
struct CheckProgress {
  std::int64_t done = 0, total = 0;  // videos
  std::int64_t broken = 0;           // clips
  double seconds_left = 0;
};

// Decodes every clip of a data set, measures it, and audits the division that training with `settings` would
// use. `manifests` are where to keep what was found out (data/manifest.h): the first is read, too, and clips
// that have not changed since are not decoded again, so that a check that was stopped goes on; it is also
// written now and then, and before Interrupted is thrown. `progress` may be empty; it is called from several
// threads, but never at once. Throws DataError for a split that the settings ask for and the data does not
// allow, Error where a manifest cannot be written.
CheckResult check_dataset(const Settings& settings, const DatasetIndex& index,
                          const std::vector<std::filesystem::path>& manifests,
                          const std::function<void(const CheckProgress&)>& progress);

}  // namespace actrec
