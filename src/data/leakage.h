#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/manifest.h"
#include "data/splits.h"

namespace actrec {

enum class LeakKind { file, content, group, near_duplicate };

// Something that two splits share, so that results on one say too much about the other.
struct Leak {
  LeakKind kind = LeakKind::file;
  std::string what;                       // the group; for other kinds how the clips are alike, for people
  std::string first, second;              // a clip of each split
  std::string first_split, second_split;  // "train", "val" or "test"
};

struct LeakAudit {
  std::vector<Leak> leaks;  // one for each file, content and group, and one for each pair of near-duplicates
  bool groups_known = false;   // of every clip
  std::int64_t clips = 0;      // of all splits
  std::int64_t looked_at = 0;  // clips that were compared by what they look like
  bool official = false;       // published splits are kept to; that they share groups is no leak

  bool leaking() const;
  // "none found: ..." with what was compared, or "LEAK: ..." with the number of leaks of each kind.
  std::string verdict() const;
};

// Looks for what the splits share: a file under any name (by device and inode), a content (SHA-256, of files
// of one size only), a group, and, among the clips that the manifest has facts of, near-duplicates, mirrored
// or not (perceptual_hash.h). Files that cannot be read are passed over. Compares near-duplicates on
// `threads` threads. Throws Interrupted when the user asked to stop.
LeakAudit audit_splits(const DataSplits& splits, Manifest& manifest, int threads);

// "same file: 'a' (train) and 'b' (test)"
std::string leak_text(const Leak& leak);

}  // namespace actrec
