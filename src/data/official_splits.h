#pragma once

#include <filesystem>

#include "config/settings.h"
#include "data/listing.h"

namespace actrec {

// Whether the folder holds the published split files of UCF101 (trainlist01.txt ...) or HMDB51
// (CLASS_test_split1.txt ...).
bool has_ucf101_splits(const std::filesystem::path& folder);
bool has_hmdb51_splits(const std::filesystem::path& folder);

// UCF101 (Soomro et al. 2012): classInd.txt, trainlist0N.txt and testlist0N.txt in data.path, N being
// data.split.official. Videos are CLASS/v_CLASS_gNN_cNN.avi, or without the class's folder, in data.videos
// (empty: data.path itself, UCF-101 beside it, or its parent). Throws DataError naming file and line.
Listing read_ucf101_dataset(const DataSettings& settings);

// HMDB51 (Kuehne et al. 2011): a file CLASS_test_splitN.txt per class in data.path, with lines of a name and
// 1 (train), 2 (test) or 0 (not in this split). Videos are CLASS/NAME, or without the class's folder, in
// data.videos (empty: data.path itself, hmdb51_org or videos beside it, or its parent).
// Throws DataError naming file and line.
Listing read_hmdb51_dataset(const DataSettings& settings);

}  // namespace actrec
