#include "engine/shared_bad_clips.h"

#include <nlohmann/json.hpp>

namespace actrec {

void share_bad_clips(BadClips& bad_clips, ProcessGroup& group) {
  if (group.alone()) return;
  nlohmann::json own = nlohmann::json::array();
  for (const BadClip& bad : bad_clips.list()) own.push_back({bad.name, bad.reason});
  std::string text;
  nlohmann::json::to_cbor(own, text);  // names of files may be any bytes
  for (const std::string& of_one : group.gather(text)) {
    for (const nlohmann::json& bad : nlohmann::json::from_cbor(of_one)) {
      ClipRef clip;
      clip.name = bad.at(0).get<std::string>();
      if (!bad_clips.contains(clip)) bad_clips.add(clip, DataError(bad.at(1).get<std::string>()));
    }
  }
}

}  // namespace actrec
