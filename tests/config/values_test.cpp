#include "config/values.h"

#include <gtest/gtest.h>

#include "config/settings.h"

namespace actrec {
namespace {

// What reading `text` as a T says; "" when it is fine.
template <typename T>
std::string problem(const std::string& text, const Limits& limits = any_value()) {
  T value{};
  return read_value(Json::parse(text), limits, value);
}

template <typename T>
T value_of(const std::string& text, const Limits& limits = any_value()) {
  T value{};
  EXPECT_EQ(read_value(Json::parse(text), limits, value), "");
  return value;
}

TEST(Values, IntegersAreNeverConverted) {
  EXPECT_EQ(value_of<int>("-3"), -3);
  EXPECT_EQ(problem<int>("3.7"), "must be an integer, but is 3.7");
  EXPECT_EQ(problem<int>("3.0"), "must be an integer, but is 3.0");
  EXPECT_EQ(problem<int>("true"), "must be an integer, but is true");
  EXPECT_EQ(problem<int>("\"3\""), "must be an integer, but is \"3\"");
  EXPECT_EQ(problem<int>("null"), "must be an integer, but is null");
  EXPECT_EQ(problem<int>("0", between(1, 1000000)), "0 is out of range, allowed is 1 to 1000000");
  EXPECT_EQ(problem<int>("2147483648"), "2147483648 is out of range, allowed is -2147483648 to 2147483647");
  EXPECT_EQ(problem<int>("4294967297", between(1, 10)), "4294967297 is out of range, allowed is 1 to 10");
  EXPECT_EQ(problem<int>("20000000000000000000000", between(1, 10)),
            "2e+22 is out of range, allowed is 1 to 10");
}

TEST(Values, UnsignedRefusesNegativeAndWhatDoublesCannotHold) {
  EXPECT_EQ(value_of<std::uint64_t>("9007199254740991"), 9007199254740991ULL);
  EXPECT_EQ(problem<std::uint64_t>("-1"), "-1 is out of range, allowed is 0 to 9007199254740991");
  EXPECT_NE(problem<std::uint64_t>("9007199254740992"), "");
  EXPECT_NE(problem<std::uint64_t>("18446744073709551615"), "");
}

TEST(Values, NumbersTakeIntegersButNoBooleans) {
  EXPECT_EQ(value_of<double>("3"), 3.0);
  EXPECT_EQ(value_of<double>("-2.5e-3"), -0.0025);
  EXPECT_EQ(problem<double>("true"), "must be a number, but is true");
  EXPECT_EQ(problem<double>("[1]"), "must be a number, but is [1]");
  EXPECT_EQ(problem<double>("-0.5", at_least(0)), "-0.5 is out of range, allowed is 0 or more");
}

TEST(Values, BooleansTextsAndPaths) {
  EXPECT_TRUE(value_of<bool>("true"));
  EXPECT_EQ(problem<bool>("1"), "must be true or false, but is 1");
  EXPECT_EQ(value_of<std::string>("\"grün\""), "grün");
  EXPECT_EQ(problem<std::string>("1"), "must be text in quotes, but is 1");
  EXPECT_EQ(problem<std::filesystem::path>("{\"a\": 1}"), "must be a path in quotes, but is {\"a\": 1}");
  EXPECT_EQ(problem<std::filesystem::path>(R"("a\u0000b")"),
            R"(must be a path without NUL characters, but is "a\u0000b")");
}

TEST(Values, ChoicesListTheAllowedAndTheClosest) {
  EXPECT_EQ(value_of<TemporalType>("\"gru\""), TemporalType::gru);
  EXPECT_EQ(problem<TemporalType>("\"lstn\""),
            "must be one of lstm, gru, mean, but is \"lstn\", did you mean 'lstm'?");
  EXPECT_EQ(problem<TemporalType>("\"transformer\""),
            "must be one of lstm, gru, mean, but is \"transformer\"");
  EXPECT_EQ(problem<TemporalType>("0"), "must be one of lstm, gru, mean, but is 0");
  EXPECT_EQ(problem<Precision>("\"x\""), "must be one of fp32, tf32, bf16, but is \"x\"");
}

TEST(Values, ListsRangesAndSizes) {
  EXPECT_EQ(value_of<std::vector<int>>("[1, 2]"), (std::vector<int>{1, 2}));
  EXPECT_EQ(problem<std::vector<int>>("3"), "must be a list of integers, but is 3");
  EXPECT_EQ(problem<std::vector<int>>("[8, 0]", between(1, 9)),
            "number 2 of the list: 0 is out of range, allowed is 1 to 9");
  EXPECT_EQ(value_of<Range>("[-1, 2.5]"), Range(-1, 2.5));
  EXPECT_EQ(problem<Range>("[2, 1]"), "must be a range [low, high] with low not above high, but is [2, 1]");
  EXPECT_EQ(problem<Range>("[1]"), "must be a range [low, high], but is [1]");
  EXPECT_EQ(problem<Range>("[1, true]"), "must be a number, but is true");
  EXPECT_EQ(problem<Range>("[0, 9]", between(0, 1)), "9 is out of range, allowed is 0 to 1");
  EXPECT_EQ(value_of<FrameSize>("96"), FrameSize(96, 96));
  EXPECT_EQ(value_of<FrameSize>("[96, 128]"), FrameSize(96, 128));
  EXPECT_EQ(problem<FrameSize>("[1, 2, 3]"),
            "must be a number of pixels or [height, width], but is [1, 2, 3]");
  EXPECT_EQ(problem<FrameSize>("96.5"), "must be an integer, but is 96.5");
  EXPECT_EQ(problem<FrameSize>("[96, 4]", between(8, 1024)), "4 is out of range, allowed is 8 to 1024");
}

TEST(Values, TrainableStages) {
  EXPECT_TRUE(value_of<TrainableStages>("\"all\"").is_all());
  EXPECT_TRUE(value_of<TrainableStages>("\"none\"").is_none());
  EXPECT_EQ(value_of<TrainableStages>("2").last, 2);
  EXPECT_EQ(problem<TrainableStages>("0", between(1, 100)), "0 is out of range, allowed is 1 to 100");
  EXPECT_EQ(problem<TrainableStages>("\"last\""), "must be all, none or a number of stages, but is \"last\"");
  EXPECT_EQ(problem<TrainableStages>("1.5", between(1, 100)), "must be an integer, but is 1.5");
}

TEST(Values, Normalization) {
  EXPECT_EQ(value_of<Normalization>("\"dataset\"").type, NormalizationType::dataset);
  const auto given = value_of<Normalization>(R"({"mean": [0, 0.5, 1], "std": [0.1, 2, 3]})");
  EXPECT_EQ(given.type, NormalizationType::values);
  EXPECT_EQ(given.mean, (std::array<double, 3>{0, 0.5, 1}));
  EXPECT_EQ(given.std, (std::array<double, 3>{0.1, 2, 3}));
  EXPECT_EQ(problem<Normalization>("\"values\""),
            "must be one of imagenet, encoder, dataset, but is \"values\", or {\"mean\": [r, g, b], \"std\": "
            "[r, g, b]}");
  EXPECT_EQ(problem<Normalization>(R"({"mean": [0, 0, 1.5], "std": [1, 0, 1]})"),
            "mean: 1.5 is out of range, allowed is 0 to 1; std: 0 is out of range, allowed is more than 0");
  EXPECT_EQ(
      problem<Normalization>(R"({"meen": [0, 0, 0], "std": 1})"),
      "unknown key 'meen', did you mean 'mean'?; std must be three numbers [r, g, b], but is 1; 'mean' is "
      "missing");
}

TEST(Values, AWrongValueLeavesTheOldOne) {
  Normalization normalization(NormalizationType::dataset);
  EXPECT_NE(read_value(Json::parse(R"({"mean": [0, 0, 0]})"), any_value(), normalization), "");
  EXPECT_EQ(normalization, Normalization(NormalizationType::dataset));
  Range range(1, 2);
  EXPECT_NE(read_value(Json::parse("[3, 1]"), any_value(), range), "");
  EXPECT_EQ(range, Range(1, 2));
}

TEST(Values, CompactAndShortJson) {
  EXPECT_EQ(compact_json(Json::parse(R"({"a":[1,2],"b":{"c":"x,y"}})")),
            R"({"a": [1, 2], "b": {"c": "x,y"}})");
  std::string umlauts;
  for (int i = 0; i < 50; ++i) umlauts += "ä";
  const std::string cut = short_json(umlauts);
  EXPECT_LE(cut.size(), 63U);
  EXPECT_TRUE(Json::accept("\"" + cut.substr(1) + "\"")) << "cut inside a character: " << cut;
  EXPECT_NO_THROW(compact_json("\xff"));
}

}  // namespace
}  // namespace actrec
