#pragma once

#include "data/bad_clips.h"
#include "engine/process_group.h"

namespace actrec {

// Tells every process of the clips that another could not read, so that none tries them again, all count the
// same clips, and data.max_bad_fraction ends all of them at once. Throws what BadClips::add() throws.
void share_bad_clips(BadClips& bad_clips, ProcessGroup& group);

}  // namespace actrec
