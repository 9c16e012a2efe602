#pragma once

#include "config/settings.h"
#include "data/csv.h"
#include "data/listing.h"

namespace actrec {

// A list with the columns path,label and any of group,split,begin,end, in any order. Paths are relative to
// data.videos or, where that is empty, to the list. begin and end are seconds; an empty one is the
// video's own. Throws DataError naming the lines: unknown columns, a missing file, an empty label, a group
// or split in some rows only, an unknown split, begin >= end.
Listing read_csv_dataset(const DataSettings& settings, const CsvTable& table);

// Kinetics' lists (Kay et al. 2017): label,youtube_id,time_start,time_end,split[,is_cc]. The video is
// {id}_{start:06d}_{end:06d}.EXT, trimmed, or {id}.EXT, of which the clip is a part, in data.videos (empty:
// beside the list, or in `videos` there), in a folder of it named after the label (with spaces or
// underscores), the split, or both. The group is the YouTube id. Videos that are missing are left out with a
// warning: some always are. So are test rows without label, with a message. Throws DataError naming the
// lines, and when no row has a label or no video at all is found.
Listing read_kinetics_dataset(const DataSettings& settings, const CsvTable& table);

}  // namespace actrec
