#include "demo/plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "demo/actions.h"

namespace actrec {
namespace {

int share(int performers, double part) { return std::max(1, static_cast<int>(performers * part + 0.5)); }

}  // namespace

std::vector<PlannedClip> plan_clips(int performers) {
  const int test = share(performers, 0.22), val = share(performers, 0.14);
  const std::size_t digits = std::max<std::size_t>(2, std::to_string(performers).size());
  std::vector<PlannedClip> clips;
  for (int performer = 0; performer < performers; ++performer) {
    const char* split = "train";
    if (performer >= performers - test) {
      split = "test";
    } else if (performer >= performers - test - val) {
      split = "val";
    }
    const std::string group = fmt::format("p{:0{}}", performer + 1, digits);
    for (std::size_t action = 0; action < kActions.size(); ++action) {
      const char* name = kActions[action].name;
      clips.push_back({performer, static_cast<int>(action),
                       fmt::format("clips/{}/{}_{}.mp4", name, name, group), group, split});
    }
  }
  std::sort(clips.begin(), clips.end(),
            [](const PlannedClip& a, const PlannedClip& b) { return a.path < b.path; });
  return clips;
}

std::string list_text(const std::vector<PlannedClip>& clips) {
  std::string text = "path,label,group,split\n";
  for (const PlannedClip& clip : clips) {
    text += fmt::format("{},{},{},{}\n", clip.path, kActions[static_cast<std::size_t>(clip.action)].name,
                        clip.group, clip.split);
  }
  return text;
}

}  // namespace actrec
