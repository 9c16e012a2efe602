#pragma once

#include <string>
#include <vector>

namespace actrec {

// All dotted keys in declaration order, sections not included.
std::vector<std::string> setting_keys();

enum class KeyKind { unknown, setting, section };
KeyKind key_kind(const std::string& key);

// The longest part of a dotted key, from its start, that is a setting or section: for normalize.mean it is
// normalize; "" where none is.
std::string known_part(const std::string& key);

// "did you mean 'train.epochs'?" for a dotted key that does not exist; "" where nothing is near. Finds typing
// errors beside it (train.epochz), the right name in the wrong section (train.hidden: model.temporal.hidden),
// errors in a section's name, and parts of a value taken for a key (clip.size.height: clip.size).
std::string suggest_key(const std::string& key);

}  // namespace actrec
