#include <fmt/format.h>

#include <cmath>

#include "config/values.h"
#include "core/text.h"

namespace actrec {
namespace {

Json number_schema(const char* type, const Limits& limits) {
  Json schema{{"type", type}};
  // Integers are spelled without a decimal point, for readers and for editors that compare text.
  const auto bound = [](double value) -> Json {
    if (value == std::floor(value) && std::abs(value) <= 9007199254740991.0) {
      return static_cast<std::int64_t>(value);
    }
    return value;
  };
  if (std::isfinite(limits.low)) schema["minimum"] = bound(limits.low);
  if (std::isfinite(limits.high)) schema["maximum"] = bound(limits.high);
  return schema;
}

Json list_schema(const Json& items, int count) {
  return {{"type", "array"}, {"items", items}, {"minItems", count}, {"maxItems", count}};
}

std::string each(const Limits& limits) {
  const std::string text = limits_text(limits);
  return text.empty() ? "" : "each " + text;
}

}  // namespace

ValueForm value_form(const bool&, const Limits&) {
  return {"boolean", "true | false", {{"type", "boolean"}}};
}

ValueForm value_form(const int&, const Limits& limits) {
  return {"integer", limits_text(limits), number_schema("integer", limits)};
}

ValueForm value_form(const std::uint64_t&, const Limits& limits) {
  return {"integer", limits_text(limits), number_schema("integer", limits)};
}

ValueForm value_form(const double&, const Limits& limits) {
  return {"number", limits_text(limits), number_schema("number", limits)};
}

ValueForm value_form(const std::string&, const Limits&) { return {"text", "", {{"type", "string"}}}; }

ValueForm value_form(const std::filesystem::path&, const Limits&) {
  return {"path", "", {{"type", "string"}}};
}

ValueForm value_form(const std::vector<int>&, const Limits& limits) {
  return {"list of integers", each(limits), {{"type", "array"}, {"items", number_schema("integer", limits)}}};
}

ValueForm value_form(const Range&, const Limits& limits) {
  return {"range", "[low, high], " + each(limits), list_schema(number_schema("number", limits), 2)};
}

ValueForm value_form(const FrameSize&, const Limits& limits) {
  const Json side = number_schema("integer", limits);
  return {"size", "N or [height, width], " + each(limits), {{"oneOf", {side, list_schema(side, 2)}}}};
}

ValueForm value_form(const TrainableStages&, const Limits& limits) {
  const Json named{{"type", "string"}, {"enum", {"all", "none"}}};
  return {"stages",
          "all | none | " + limits_text(limits),
          {{"oneOf", {named, number_schema("integer", limits)}}}};
}

ValueForm value_form(const Normalization&, const Limits&) {
  const Json mean = list_schema(number_schema("number", kMeanLimits), 3);
  const Json std = list_schema({{"type", "number"}, {"exclusiveMinimum", 0}}, 3);
  const Json numbers{{"type", "object"},
                     {"properties", {{"mean", mean}, {"std", std}}},
                     {"required", {"mean", "std"}},
                     {"additionalProperties", false}};
  const ValueForm named = value_form(NormalizationType::encoder, any_value());
  return {"normalization",
          named.allowed + R"( | {"mean": [r, g, b], "std": [r, g, b]})",
          {{"oneOf", Json::array({named.schema, numbers})}}};
}

ValueForm choice_form(const std::vector<std::string>& names) {
  return {"choice", join(names, " | "), {{"type", "string"}, {"enum", names}}};
}

}  // namespace actrec
