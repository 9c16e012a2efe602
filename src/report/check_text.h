#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "engine/check_result.h"

namespace actrec {

// What `actrec check` found out, as people read it and as scripts do. The keys of the JSON form are fixed.
std::string check_text(const CheckResult& result);
nlohmann::ordered_json check_json(const CheckResult& result);

}  // namespace actrec
