#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "config/settings.h"
#include "data/clip_facts.h"
#include "data/clip_ref.h"
#include "data/content_identity.h"

namespace actrec {

// Facts of the clips of a data set, kept in a JSON file by `actrec check`. A clip's facts hold as long as its
// video has the size and modification time that it had then. Not for sharing between threads.
class Manifest {
 public:
  Manifest() = default;
  // The file's facts, none where there is no file. One that cannot be used is passed over with a warning.
  explicit Manifest(const std::filesystem::path& file);

  // Facts of the clip that still hold; null where there are none.
  const ClipFacts* find(const ClipRef& clip);
  void set(const ClipRef& clip, ClipFacts facts);

  // Writes the facts of `clips` that are known, in their order, as `clips` of `document`, beside what else
  // the document holds. Atomic. `classes` are the names of the clips' labels.
  void write(const std::filesystem::path& file, nlohmann::ordered_json document,
             const std::vector<ClipRef>& clips, const std::vector<std::string>& classes);

 private:
  struct Entry {
    std::string identity;
    ClipFacts facts;
  };
  std::string identity_of(const ClipRef& clip);

  std::map<std::string, Entry> entries_;  // by the clip's name
  ContentIdentities contents_;
};

// Where `actrec check` keeps the manifest of a data set: manifests/NAME-HASH.json in the user's cache
// directory (see user_cache_directory); empty where there is none.
std::filesystem::path manifest_file(const DataSettings& settings);

}  // namespace actrec
