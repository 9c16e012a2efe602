#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "config/settings.h"
#include "core/error.h"
#include "data/clip_ref.h"

namespace actrec {

// A clip that was left out because it cannot be read.
struct BadClip {
  std::string name;
  std::string split;   // what it was expected in
  std::string reason;  // what is wrong, naming the file
};

// The clips of a run that cannot be read, and what becomes of them (data.bad_videos). A bad clip is left out
// of the batch that it would have been in, and no other takes its place; who has it once does not try it
// again. Safe to call from many threads at once; whoever adds clips in a fixed order gets the same log and
// errors for any number of threads.
class BadClips {
 public:
  BadClips() = default;  // every bad clip is an error
  BadClips(BadVideos policy, double max_fraction) : policy_(policy), max_fraction_(max_fraction) {}

  // Tells the clips of a split, so that the share of those left out is known. Clips that were never told of,
  // such as those to predict, cannot be left out.
  void expect(const std::string& split, const std::vector<ClipRef>& clips);

  // Leaves out a clip because of `error`, and names it in the log, once. Throws `error` where it may not, and
  // DataError where more than max_fraction of its split, or all of it, would be left out.
  void add(const ClipRef& clip, const DataError& error);
  bool contains(const ClipRef& clip) const;
  std::vector<BadClip> list() const;  // by name

  // Whether bad clips are left out.
  bool skips() const { return policy_ == BadVideos::skip; }

 private:
  struct Split {
    std::size_t clips = 0, bad = 0;
  };
  void check_share(const std::string& name, const Split& split, const std::string& example) const;

  BadVideos policy_ = BadVideos::error;
  double max_fraction_ = 0;
  mutable std::mutex mutex_;
  std::map<std::string, std::string> split_of_;  // by the clip's name
  std::map<std::string, Split> splits_;
  std::map<std::string, BadClip> bad_;  // by name
};

}  // namespace actrec
