#pragma once

#include <vector>

#include "core/random.h"

namespace actrec {

// Ways of dividing labelled items so that each class is divided alike. All return the part of each item,
// in the items' order; labels and groups are numbers from 0; all are pure functions of their arguments.

// Divides whole groups: part p gets about shares[p] (which sum to 1) of every class. Groups are taken in
// random order, large before small, each to the part where it most reduces the summed squared distance
// from the wanted class counts. Every part with a share gets a group, provided there are as many groups.
// `first_has_all`: part 0 gets clips of every class, even at the cost of the other parts.
std::vector<int> stratify_groups(const std::vector<int>& labels, const std::vector<int>& groups,
                                 const std::vector<double>& shares, bool first_has_all, KeyedRandom random);

// Divides item by item into 0 (train), 1 (val) and 2 (test). Per class, val and test get their share, rounded
// so that the rounding evens out over classes, but at least one item each if the class has three or more
// (and the share is not 0); train gets at least one.
std::vector<int> stratify_clips(const std::vector<int>& labels, double val, double test, KeyedRandom random);

// Divides item by item into `folds` parts whose sizes, in all and per class, differ by at most one.
std::vector<int> stratify_folds(const std::vector<int>& labels, int folds, KeyedRandom random);

}  // namespace actrec
