#include "data/time_reversal.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

#include "core/error.h"
#include "core/text.h"

namespace actrec {
namespace {

std::size_t index_of(const std::string& name, const std::vector<std::string>& classes) {
  const auto found = std::find(classes.begin(), classes.end(), name);
  if (found == classes.end()) {
    const std::string match = did_you_mean(name, classes);
    throw ConfigError(fmt::format("augment.time_reversal.pairs: the data set has no class '{}'", name),
                      match.empty() ? "the classes are " + join(classes, ", ") : match);
  }
  return static_cast<std::size_t>(found - classes.begin());
}

}  // namespace

void set_reversed_labels(std::vector<ClipRef>& clips, const std::vector<std::string>& classes,
                         const ClassPairs& pairs) {
  std::vector<int> partner(classes.size(), -1);
  for (const auto& [one, other] : pairs.pairs) {
    const std::size_t a = index_of(one, classes), b = index_of(other, classes);
    partner[a] = static_cast<int>(b);
    partner[b] = static_cast<int>(a);
  }
  for (ClipRef& clip : clips) clip.reversed_label = partner[static_cast<std::size_t>(clip.label)];
}

}  // namespace actrec
