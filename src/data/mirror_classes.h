#pragma once

#include <string>
#include <utility>
#include <vector>

namespace actrec {

// Pairs of class names that a mirror image turns into one another, judged by their words: left and right,
// clockwise and counter-clockwise (cw and ccw).
std::vector<std::pair<std::string, std::string>> find_mirror_classes(const std::vector<std::string>& classes);

}  // namespace actrec
