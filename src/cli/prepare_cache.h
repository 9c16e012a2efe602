#pragma once

#include "config/settings.h"
#include "data/splits.h"
#include "engine/process_group.h"

namespace actrec {

// Fills the frame cache that settings.data.cache names with every clip of the data set, each process of the
// group with its part of them, and says how much is in it. Throws ConfigError where there is no cache, and
// DataError where clips cannot be read, unless bad clips are to be left out.
void prepare_cache(const Settings& settings, const DataSplits& splits, ProcessGroup& group);

}  // namespace actrec
