#include "report/check_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/text.h"
#include "report/results_text.h"
#include "report/statistics_text.h"

namespace actrec {
namespace {

constexpr std::size_t kMostLines = 20;    // of each list; --json and the manifest have all
constexpr std::size_t kMostClasses = 60;  // of the table
constexpr std::size_t kLongestName = 40;

std::size_t name_width(const std::vector<std::string>& names) {
  std::size_t width = std::string("median frames").size();
  for (const std::string& name : names) width = std::max(width, name.size());
  return std::min(width, kLongestName);
}

template <typename Item, typename Line>
std::string list_text(const std::string& title, const std::vector<Item>& items, const Line& line) {
  if (items.empty()) return "";
  std::string text = fmt::format("\n{} ({})\n", title, items.size());
  for (std::size_t i = 0; i < std::min(items.size(), kMostLines); ++i) text += "  " + line(items[i]) + '\n';
  if (items.size() > kMostLines)
    text += fmt::format("  and {} more, see --json\n", items.size() - kMostLines);
  return text;
}

std::string table_text(const CheckResult& result) {
  const std::size_t width = name_width(result.classes);
  std::string text = pad("clips", width);
  for (const std::string& split : result.splits) text += fmt::format("  {:>9}", split);
  text += '\n';
  const auto row = [&](const std::string& name, const auto& value_of) {
    text += pad(name, width);
    for (std::size_t k = 0; k < result.splits.size(); ++k) text += fmt::format("  {:>9}", value_of(k));
    text += '\n';
  };
  for (std::size_t c = 0; c < std::min(result.classes.size(), kMostClasses); ++c)
    row(result.classes[c], [&](std::size_t k) { return std::to_string(result.table[c][k]); });
  if (result.classes.size() > kMostClasses)
    text += fmt::format("and {} more classes, see --json\n", result.classes.size() - kMostClasses);
  row("all", [&](std::size_t k) {
    std::int64_t sum = 0;
    for (const auto& counts : result.table) sum += counts[k];
    return std::to_string(sum);
  });
  text += "\nlength, of the clips that can be decoded\n";
  const auto lengths = [&](const char* name, const auto& value_of) {
    row(name, [&](std::size_t k) {
      const ClipLengths& one = result.lengths[k];
      return one.clips == 0 ? std::string("-") : value_of(one);
    });
  };
  lengths("fewest frames", [](const ClipLengths& one) { return std::to_string(one.shortest); });
  lengths("median frames", [](const ClipLengths& one) { return std::to_string(one.median); });
  lengths("most frames", [](const ClipLengths& one) { return std::to_string(one.longest); });
  lengths("median", [](const ClipLengths& one) { return fmt::format("{:.2f} s", one.median_seconds); });
  lengths("all", [](const ClipLengths& one) { return format_duration(one.total_seconds); });
  return text;
}

}  // namespace

std::string check_text(const CheckResult& result) {
  std::string text = fmt::format("{} ({})\n{} of {} classes, {} frames\n\n", result.data, result.format,
                                 format_count(result.clips, "clip"), result.classes.size(), result.frames);
  text += table_text(result);
  text += list_text("broken: cannot be used", result.broken,
                    [](const SkippedClip& one) { return fmt::format("{}: {}", one.clip, one.reason); });
  text += list_text("odd ones out", result.odd,
                    [](const OddClip& one) { return fmt::format("{}: {}", one.clip, one.what); });
  text += list_text("warnings", result.warnings, [](const std::string& warning) { return warning; });
  text += list_text("shared by two splits", result.leaks, [](const FoundLeak& leak) { return leak.text; });
  if (result.split) {
    text += fmt::format("\nsplit     {} ({})\nleakage   {}\n", result.split->method,
                        result.split->fingerprint, result.split->leakage);
    if (result.split->random())
      text += "          RANDOM SPLIT: clips are divided one by one, so results may be too good\n";
  }
  text += fmt::format("broken    {}\n", result.broken.size());
  if (!result.manifest.empty()) text += fmt::format("manifest  {}\n", result.manifest);
  return text;
}

nlohmann::ordered_json check_json(const CheckResult& result) {
  using Json = nlohmann::ordered_json;
  Json classes = Json::array();
  for (std::size_t c = 0; c < result.classes.size(); ++c) {
    Json row = {{"class", result.classes[c]}};
    for (std::size_t k = 0; k < result.splits.size(); ++k) row[result.splits[k]] = result.table[c][k];
    classes.push_back(std::move(row));
  }
  Json lengths = Json::object();
  for (std::size_t k = 0; k < result.splits.size(); ++k) {
    const ClipLengths& one = result.lengths[k];
    lengths[result.splits[k]] = {{"clips", one.clips},
                                 {"frames", {one.shortest, one.median, one.longest}},
                                 {"seconds", {one.shortest_seconds, one.median_seconds, one.longest_seconds}},
                                 {"total_seconds", one.total_seconds}};
  }
  Json odd = Json::array(), leaks = Json::array();
  for (const OddClip& one : result.odd) odd.push_back({{"clip", one.clip}, {"what", one.what}});
  for (const FoundLeak& leak : result.leaks) {
    leaks.push_back(
        {{"kind", leak.kind}, {"clips", leak.clips}, {"splits", leak.splits}, {"what", leak.text}});
  }
  return {{"data", result.data},
          {"format", result.format},
          {"clips", result.clips},
          {"frames", result.frames},
          {"classes", classes},
          {"lengths", lengths},
          {"broken", skipped_json(result.broken)},
          {"odd", odd},
          {"warnings", result.warnings},
          {"leaks", leaks},
          {"split", result.split ? split_json(*result.split) : Json()},
          {"seconds", result.seconds},
          {"manifest", result.manifest.empty() ? Json() : Json(result.manifest)}};
}

}  // namespace actrec
