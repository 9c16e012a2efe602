#pragma once

#include <array>
#include <limits>

namespace actrec {

// The value types that settings are made of, and the macros that declare a setting once.

// A closed interval a draw is taken from; JSON [low, high] with low <= high.
struct Range {
  double low = 0;
  double high = 0;
  Range() = default;
  Range(double low_value, double high_value) : low(low_value), high(high_value) {}
  bool is(double value) const { return low == value && high == value; }
  bool operator==(const Range& other) const { return low == other.low && high == other.high; }
};

// Height and width in pixels; JSON [height, width], or one number for a square.
struct FrameSize {
  int height = 0;
  int width = 0;
  FrameSize() = default;
  FrameSize(int height_value, int width_value) : height(height_value), width(width_value) {}
  bool operator==(const FrameSize& other) const { return height == other.height && width == other.width; }
};

// How many of an encoder's last stages learn; JSON "all", "none" or a number.
struct TrainableStages {
  static constexpr int kAll = -1;
  int last = kAll;  // stages, or kAll
  static TrainableStages all() { return {}; }
  static TrainableStages none() { return {0}; }
  bool is_none() const { return last == 0; }
  bool is_all() const { return last == kAll; }
  bool operator==(const TrainableStages& other) const { return last == other.last; }
};

// Mean and standard deviation of each RGB channel, for pixels scaled to 0..1.
struct PixelStatistics {
  std::array<double, 3> mean{};
  std::array<double, 3> std{};
};

enum class NormalizationType { imagenet, encoder, dataset, values };

// Mean and standard deviation per RGB channel of pixels scaled to 0..1; JSON "imagenet", "encoder",
// "dataset", or {"mean": [r, g, b], "std": [r, g, b]}. The numbers mean something for `values` only.
struct Normalization {
  NormalizationType type = NormalizationType::encoder;
  std::array<double, 3> mean{};
  std::array<double, 3> std{};
  Normalization() = default;
  Normalization(NormalizationType named) : type(named) {}
  bool operator==(const Normalization& other) const {
    return type == other.type && mean == other.mean && std == other.std;
  }
};

// Allowed values of a number (of each number in a list, range or size).
struct Limits {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
};
constexpr Limits any_value() { return {}; }
constexpr Limits at_least(double low) { return {low, std::numeric_limits<double>::infinity()}; }
constexpr Limits between(double low, double high) { return {low, high}; }

// Names<E>::kSpellings[i] is the JSON spelling of the enumerator with value i.
template <typename E>
struct Names;

// Not of `values`, which is written as its numbers.
template <>
struct Names<NormalizationType> {
  static constexpr std::array kSpellings{"imagenet", "encoder", "dataset"};
};

// A section of settings is one list of FIELD(type, name, default, limits, doc) and SECTION(type, name,
// doc) entries; ACTREC_SETTINGS makes it a struct with those members, their defaults, and
//     static void visit(Self& self, Visitor& visitor)
// which calls visitor.field(name, member, limits, doc) and visitor.section(name, member, doc) in order.
// Parsing, validation, `config explain`, the JSON Schema and the documentation all come from visit().
#define ACTREC_DECLARE_FIELD(type, name, fallback, limits, doc) type name = fallback;
#define ACTREC_DECLARE_SECTION(type, name, doc) type name;
#define ACTREC_VISIT_FIELD(type, name, fallback, limits, doc) visitor.field(#name, self.name, limits, doc);
#define ACTREC_VISIT_SECTION(type, name, doc) visitor.section(#name, self.name, doc);
#define ACTREC_SETTINGS(Type, FIELDS)                    \
  struct Type {                                          \
    FIELDS(ACTREC_DECLARE_FIELD, ACTREC_DECLARE_SECTION) \
    template <typename Self, typename Visitor>           \
    static void visit(Self& self, Visitor& visitor) {    \
      FIELDS(ACTREC_VISIT_FIELD, ACTREC_VISIT_SECTION)   \
    }                                                    \
  };

}  // namespace actrec
