#pragma once

#include <string>
#include <vector>

#include "config/settings.h"
#include "data/clip_ref.h"

namespace actrec {

// How a data set's frames will be cached.
struct CachePlan {
  CacheMode mode = CacheMode::off;  // never automatic
  std::string reason;               // for people: what the set takes, and why this mode
};

// Takes what settings.data.cache says. `auto` estimates, from some of the clips, what the set takes: raw
// where that is within data.cache_gb, the disk and half of this machine's memory (which then keeps it); else
// jpeg; off where there is no room or no place for a cache.
CachePlan plan_cache(const Settings& settings, const std::vector<ClipRef>& clips);

}  // namespace actrec
