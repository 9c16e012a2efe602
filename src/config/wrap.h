#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace actrec {

// Breaks ASCII text at spaces into lines of at most `width` characters; a longer word has its own line.
std::vector<std::string> wrap_text(std::string_view text, std::size_t width);

}  // namespace actrec
