#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <type_traits>
#include <vector>

#include "config/fields.h"

namespace actrec {

using Json = nlohmann::ordered_json;

// Of the numbers of Normalization::mean.
inline constexpr Limits kMeanLimits = between(0, 1);

// What each type of a setting looks like in JSON: reading, writing and describing, one overload a type.
//
// read_value() returns what is wrong in words that follow "KEY: ", or "" and then sets `value`; a value that
// is wrong leaves `value` as it was. Nothing is converted silently: 3.7, 3.0 and true are no integers.
std::string read_value(const Json& json, const Limits& limits, bool& value);
std::string read_value(const Json& json, const Limits& limits, int& value);
std::string read_value(const Json& json, const Limits& limits, std::uint64_t& value);
std::string read_value(const Json& json, const Limits& limits, double& value);
std::string read_value(const Json& json, const Limits& limits, std::string& value);
std::string read_value(const Json& json, const Limits& limits, std::filesystem::path& value);
std::string read_value(const Json& json, const Limits& limits, std::vector<int>& value);
std::string read_value(const Json& json, const Limits& limits, Range& value);
std::string read_value(const Json& json, const Limits& limits, FrameSize& value);
std::string read_value(const Json& json, const Limits& limits, TrainableStages& value);
std::string read_value(const Json& json, const Limits& limits, Normalization& value);

Json write_value(bool value);
Json write_value(int value);
Json write_value(std::uint64_t value);
Json write_value(double value);
Json write_value(const std::string& value);
Json write_value(const std::filesystem::path& value);
Json write_value(const std::vector<int>& value);
Json write_value(const Range& value);
Json write_value(const FrameSize& value);
Json write_value(const TrainableStages& value);
Json write_value(const Normalization& value);

// How documentation and editors see a type of setting.
struct ValueForm {
  std::string type;     // "integer", "choice", ...
  std::string allowed;  // "1 to 4096", "lstm | gru | mean"; empty: anything of the type
  Json schema;          // JSON Schema of the value, without description and default
};

// The value only selects the overload.
ValueForm value_form(const bool& value, const Limits& limits);
ValueForm value_form(const int& value, const Limits& limits);
ValueForm value_form(const std::uint64_t& value, const Limits& limits);
ValueForm value_form(const double& value, const Limits& limits);
ValueForm value_form(const std::string& value, const Limits& limits);
ValueForm value_form(const std::filesystem::path& value, const Limits& limits);
ValueForm value_form(const std::vector<int>& value, const Limits& limits);
ValueForm value_form(const Range& value, const Limits& limits);
ValueForm value_form(const FrameSize& value, const Limits& limits);
ValueForm value_form(const TrainableStages& value, const Limits& limits);
ValueForm value_form(const Normalization& value, const Limits& limits);

// Enumerations: JSON strings from Names<E>.
std::string read_choice(const Json& json, const std::vector<std::string>& names, std::size_t& index);
ValueForm choice_form(const std::vector<std::string>& names);

template <typename E>
std::vector<std::string> choice_names() {
  return {Names<E>::kSpellings.begin(), Names<E>::kSpellings.end()};
}

template <typename E, typename = std::enable_if_t<std::is_enum_v<E>>>
std::string read_value(const Json& json, const Limits&, E& value) {
  std::size_t index = 0;
  std::string problem = read_choice(json, choice_names<E>(), index);
  if (problem.empty()) value = static_cast<E>(index);
  return problem;
}

template <typename E, typename = std::enable_if_t<std::is_enum_v<E>>>
Json write_value(E value) {
  return Names<E>::kSpellings.at(static_cast<std::size_t>(value));
}

template <typename E, typename = std::enable_if_t<std::is_enum_v<E>>>
ValueForm value_form(const E&, const Limits&) {
  return choice_form(choice_names<E>());
}

// "0 or more", "1 to 4096"; empty where nothing is excluded.
std::string limits_text(const Limits& limits);

// JSON on one line with a space after each comma and colon; bytes that are not UTF-8 are replaced. Calls
// itself for each level of nesting, which parse_json limits.
std::string compact_json(const Json& json);

// compact_json cut to a length that suits a message.
std::string short_json(const Json& json);

}  // namespace actrec
