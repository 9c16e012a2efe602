#pragma once

#include <string>

namespace actrec {

enum class KeyKind { unknown, setting, section };
KeyKind key_kind(const std::string& key);

// "did you mean 'train.epochs'?" for a dotted key that does not exist; "" where nothing is near. Finds typing
// errors beside it (train.epochz), the right name in the wrong section (train.hidden: model.temporal.hidden),
// errors in a section's name, and parts of a value taken for a key (clip.size.height: clip.size).
std::string suggest_key(const std::string& key);

}  // namespace actrec
