#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace actrec {

// The candidate nearest to `word` by edit distance (Damerau-Levenshtein, case-insensitive), or "" when
// none is near enough to be a likely typing error (more than two edits and more than a third of the letters).
std::string closest_match(std::string_view word, const std::vector<std::string>& candidates);

// "did you mean 'x'?" style hint built on closest_match; "" where nothing is close.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

std::string join(const std::vector<std::string>& items, std::string_view separator);
std::string to_lower(std::string_view text);                            // ASCII letters only
std::string trim(std::string_view text);                                // ASCII white space at both ends
std::vector<std::string> split(std::string_view text, char separator);  // keeps empty parts

// Whether the bytes are well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates).
bool is_utf8(std::string_view text);

// UTF-8 text for a message: at most its first `longest` bytes, cut between characters, with "..." where cut.
std::string shorten(std::string_view text, std::size_t longest = 60);

std::string format_duration(double seconds);  // "45 s", "3 min 20 s", "2 h 05 min"
std::string format_count(std::int64_t count, std::string_view singular);  // "1 clip", "12 clips"

// The whole file as bytes. Throws DataError naming the path.
std::string read_file(const std::filesystem::path& path);

}  // namespace actrec
