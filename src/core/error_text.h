#pragma once

#include <string>

#include "core/error.h"

namespace actrec {

// What is wrong and what to do about it, on one line.
inline std::string describe(const Error& error) {
  return error.hint().empty() ? error.what() : std::string(error.what()) + "; hint: " + error.hint();
}

}  // namespace actrec
