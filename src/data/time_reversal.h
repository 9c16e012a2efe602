#pragma once

#include <string>
#include <vector>

#include "config/settings.h"
#include "data/clip_ref.h"

namespace actrec {

// Gives each clip the class that it shows when it is played backwards (ClipRef::reversed_label): the partner
// of its own in `pairs`, none where there is none. Labels index `classes`. Throws ConfigError where a pair
// names a class that is not among them.
void set_reversed_labels(std::vector<ClipRef>& clips, const std::vector<std::string>& classes,
                         const ClassPairs& pairs);

}  // namespace actrec
