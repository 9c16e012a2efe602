#include "config/values.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "core/text.h"

namespace actrec {
namespace {

std::string must_be(std::string_view expected, const Json& json) {
  return fmt::format("must be {}, but is {}", expected, short_json(json));
}

std::string check_limits(double number, const Json& json, const Limits& limits) {
  if (number >= limits.low && number <= limits.high) return "";
  return fmt::format("{} is out of range, allowed is {}", short_json(json), limits_text(limits));
}

// An integer beyond 64 bits reaches us as a double; it is out of range rather than no integer.
bool is_huge_integer(const Json& json) {
  return json.is_number_float() && std::abs(json.get<double>()) >= 9223372036854775808.0;
}

template <typename Integer>
std::string read_integer(const Json& json, const Limits& type_limits, const Limits& limits, Integer& value) {
  const Limits both{std::max(limits.low, type_limits.low), std::min(limits.high, type_limits.high)};
  if (is_huge_integer(json)) return check_limits(json.get<double>(), json, both);
  if (!json.is_number_integer()) return must_be("an integer", json);
  std::string problem = check_limits(json.get<double>(), json, both);
  if (problem.empty()) value = json.get<Integer>();
  return problem;
}

std::string read_three(const Json& json, const char* name, std::array<double, 3>& numbers) {
  if (!json.is_array() || json.size() != 3) {
    return fmt::format("{} {}", name, must_be("three numbers [r, g, b]", json));
  }
  std::array<double, 3> read{};
  for (std::size_t i = 0; i < 3; ++i) {
    const bool is_mean = std::string_view(name) == "mean";
    std::string problem = read_value(json[i], is_mean ? kMeanLimits : any_value(), read[i]);
    if (problem.empty() && !is_mean && !(read[i] > 0)) {
      problem = fmt::format("{} is out of range, allowed is more than 0", short_json(json[i]));
    }
    if (!problem.empty()) return fmt::format("{}: {}", name, problem);
  }
  numbers = read;
  return "";
}

std::string read_mean_and_std(const Json& json, Normalization& value) {
  Normalization read(NormalizationType::values);
  std::vector<std::string> problems;
  const auto note = [&problems](const std::string& problem) {
    if (!problem.empty()) problems.push_back(problem);
  };
  for (const auto& [name, numbers] : json.items()) {
    if (name == "mean") {
      note(read_three(numbers, "mean", read.mean));
    } else if (name == "std") {
      note(read_three(numbers, "std", read.std));
    } else {
      const std::string match = did_you_mean(name, {"mean", "std"});
      note(fmt::format("unknown key '{}'{}{}", shorten(name), match.empty() ? "" : ", ", match));
    }
  }
  for (const char* name : {"mean", "std"}) {
    if (!json.contains(name)) note(fmt::format("'{}' is missing", name));
  }
  if (problems.empty()) value = read;
  return join(problems, "; ");
}

}  // namespace

std::string read_value(const Json& json, const Limits&, bool& value) {
  if (!json.is_boolean()) return must_be("true or false", json);
  value = json.get<bool>();
  return "";
}

std::string read_value(const Json& json, const Limits& limits, int& value) {
  constexpr Limits kInt{std::numeric_limits<int>::min(), std::numeric_limits<int>::max()};
  return read_integer(json, kInt, limits, value);
}

std::string read_value(const Json& json, const Limits& limits, std::uint64_t& value) {
  // Doubles, which limits are made of, tell integers apart up to 2^53.
  return read_integer(json, between(0, 9007199254740991.0), limits, value);
}

std::string read_value(const Json& json, const Limits& limits, double& value) {
  if (!json.is_number()) return must_be("a number", json);
  std::string problem = check_limits(json.get<double>(), json, limits);
  if (problem.empty()) value = json.get<double>();
  return problem;
}

std::string read_value(const Json& json, const Limits&, std::string& value) {
  if (!json.is_string()) return must_be("text in quotes", json);
  value = json.get<std::string>();
  return "";
}

std::string read_value(const Json& json, const Limits&, std::filesystem::path& value) {
  if (!json.is_string()) return must_be("a path in quotes", json);
  if (json.get_ref<const std::string&>().find('\0') != std::string::npos) {
    return must_be("a path without NUL characters", json);
  }
  value = json.get<std::string>();
  return "";
}

std::string read_value(const Json& json, const Limits& limits, std::vector<int>& value) {
  if (!json.is_array()) return must_be("a list of integers", json);
  std::vector<int> read(json.size());
  for (std::size_t i = 0; i < json.size(); ++i) {
    const std::string problem = read_value(json[i], limits, read[i]);
    if (!problem.empty()) return fmt::format("number {} of the list: {}", i + 1, problem);
  }
  value = read;
  return "";
}

std::string read_value(const Json& json, const Limits& limits, Range& value) {
  if (!json.is_array() || json.size() != 2) return must_be("a range [low, high]", json);
  Range read;
  for (const std::string& problem :
       {read_value(json[0], limits, read.low), read_value(json[1], limits, read.high)}) {
    if (!problem.empty()) return problem;
  }
  if (read.low > read.high) {
    return fmt::format("must be a range [low, high] with low not above high, but is {}", short_json(json));
  }
  value = read;
  return "";
}

std::string read_value(const Json& json, const Limits& limits, FrameSize& value) {
  FrameSize read;
  if (json.is_array() && json.size() == 2) {
    for (const std::string& problem :
         {read_value(json[0], limits, read.height), read_value(json[1], limits, read.width)}) {
      if (!problem.empty()) return problem;
    }
  } else if (json.is_number()) {
    std::string problem = read_value(json, limits, read.height);
    if (!problem.empty()) return problem;
    read.width = read.height;
  } else {
    return must_be("a number of pixels or [height, width]", json);
  }
  value = read;
  return "";
}

std::string read_value(const Json& json, const Limits& limits, TrainableStages& value) {
  if (json == "all" || json == "none") {
    value = json == "all" ? TrainableStages::all() : TrainableStages::none();
    return "";
  }
  if (!json.is_number()) return must_be("all, none or a number of stages", json);
  return read_value(json, limits, value.last);
}

std::string read_value(const Json& json, const Limits&, Normalization& value) {
  if (json.is_object()) return read_mean_and_std(json, value);
  auto named = NormalizationType::encoder;
  const std::string problem = read_value(json, any_value(), named);
  if (!problem.empty()) return problem + R"(, or {"mean": [r, g, b], "std": [r, g, b]})";
  value = Normalization(named);
  return "";
}

std::string read_choice(const Json& json, const std::vector<std::string>& names, std::size_t& index) {
  const std::string expected = names.size() == 1 ? names[0] : "one of " + join(names, ", ");
  if (!json.is_string()) return must_be(expected, json);
  const auto name = std::find(names.begin(), names.end(), json.get<std::string>());
  if (name == names.end()) {
    const std::string match = did_you_mean(json.get<std::string>(), names);
    return fmt::format("{}{}{}", must_be(expected, json), match.empty() ? "" : ", ", match);
  }
  index = static_cast<std::size_t>(name - names.begin());
  return "";
}

Json write_value(bool value) { return value; }
Json write_value(int value) { return value; }
Json write_value(std::uint64_t value) { return value; }
Json write_value(double value) { return value; }
Json write_value(const std::string& value) { return value; }
Json write_value(const std::filesystem::path& value) { return value.string(); }
Json write_value(const std::vector<int>& value) { return value; }
Json write_value(const Range& value) { return Json::array({value.low, value.high}); }
Json write_value(const FrameSize& value) { return Json::array({value.height, value.width}); }

Json write_value(const TrainableStages& value) {
  if (value.is_all()) return "all";
  if (value.is_none()) return "none";
  return value.last;
}

Json write_value(const Normalization& value) {
  if (value.type == NormalizationType::values) return {{"mean", value.mean}, {"std", value.std}};
  return write_value(value.type);
}

std::string limits_text(const Limits& limits) {
  if (std::isinf(limits.low) && std::isinf(limits.high)) return "";
  if (std::isinf(limits.high)) return fmt::format("{} or more", limits.low);
  if (std::isinf(limits.low)) return fmt::format("{} or less", limits.high);
  return fmt::format("{} to {}", limits.low, limits.high);
}

std::string compact_json(const Json& json) {
  if (!json.is_structured()) return json.dump(-1, ' ', false, Json::error_handler_t::replace);
  std::vector<std::string> parts;
  for (const auto& [key, value] : json.items()) {
    parts.push_back(json.is_object() ? fmt::format("{}: {}", compact_json(key), compact_json(value))
                                     : compact_json(value));
  }
  const std::string inside = join(parts, ", ");
  return json.is_object() ? fmt::format("{{{}}}", inside) : fmt::format("[{}]", inside);
}

std::string short_json(const Json& json) { return shorten(compact_json(json)); }

}  // namespace actrec
