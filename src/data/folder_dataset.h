#pragma once

#include <filesystem>

#include "data/listing.h"

namespace actrec {

// Reads ROOT/<class>/** or, when every folder in ROOT is named like a split, ROOT/<split>/<class>/**. A
// single folder named like a split beside others is a class, with a warning. A clip is a video file or a
// folder of numbered frames without videos, at any depth below its class. Hidden entries and other files
// are left out. A symbolic link is followed, each folder once per class. Throws DataError naming the path:
// nothing that can be a class, several split folders beside others, videos outside the class folders of a
// split, a link to a video that is not there.
Listing read_folder_dataset(const std::filesystem::path& root);

}  // namespace actrec
