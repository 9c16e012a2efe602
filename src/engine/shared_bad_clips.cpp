#include "engine/shared_bad_clips.h"

#include <nlohmann/json.hpp>

namespace actrec {

void share_bad_clips(BadClips& bad_clips, ProcessGroup& group) {
  if (group.alone()) return;
  nlohmann::json own = nlohmann::json::array();
  for (const BadClip& bad : bad_clips.list()) own.push_back({bad.name, bad.reason});
  for (const std::string& text : group.gather(own.dump())) {
    for (const nlohmann::json& bad : nlohmann::json::parse(text)) {
      ClipRef clip;
      clip.name = bad.at(0).get<std::string>();
      if (!bad_clips.contains(clip)) bad_clips.add(clip, DataError(bad.at(1).get<std::string>()));
    }
  }
}

}  // namespace actrec
