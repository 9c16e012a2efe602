#pragma once

#include <functional>
#include <string>

#include "config/settings.h"
#include "data/splits.h"
#include "engine/results.h"

namespace actrec {

// Measures how fast this machine decodes, loads, computes and trains with these settings, one after the
// other, on clips of the training split (some of them where there are many; over and over where there are
// few). Takes a minute or so. Fills the frame cache that the settings name, with settings.data.cache
// resolved; nothing else is left behind. `progress` hears what is being measured. Throws what training
// throws.
BenchResult bench(const Settings& settings, const DataSplits& splits,
                  const std::function<void(const std::string& stage)>& progress);

}  // namespace actrec
