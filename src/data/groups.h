#pragma once

#include <string>

#include "data/listing.h"

namespace actrec {

// Fills in ClipRef::group, unless the data set names groups itself: by the first capture of `pattern`, a
// regular expression (ECMAScript) searched in each clip's path; where that is empty, by the names of UCF101
// (v_CLASS_gNN_cNN: groups are numbered per class, so the group is CLASS_gNN) or HMDB51
// (SOURCE_CLASS_PROPERTIES_N: the group is SOURCE), if every clip is named so; else, in a list without
// splits with parts of videos, by the video. Throws ConfigError naming data.split.group_pattern for a bad
// pattern and DataError naming the clips that it does not match.
void recognise_groups(Listing& listing, const std::string& pattern);

}  // namespace actrec
