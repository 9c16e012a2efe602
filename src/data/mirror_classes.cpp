#include "data/mirror_classes.h"

#include <algorithm>
#include <cctype>
#include <set>

namespace actrec {
namespace {

// The lower-case words of a class name: "SwipeLeft", "swipe-left" and "swipe_left" give {"swipe", "left"}.
// "counter-clockwise" and "anti-clockwise" are one word, however they are written.
std::vector<std::string> words_of(const std::string& name) {
  std::vector<std::string> words(1);
  unsigned char previous = 0;
  for (const unsigned char c : name) {
    const bool separator = std::isspace(c) || std::ispunct(c);
    if (separator || (std::isupper(c) && std::islower(previous))) words.emplace_back();
    if (!separator) words.back() += static_cast<char>(std::tolower(c));
    previous = c;
  }
  words.erase(std::remove(words.begin(), words.end(), ""), words.end());
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (words[i + 1] != "clockwise" || (words[i] != "counter" && words[i] != "anti")) continue;
    words[i] += words[i + 1];
    words.erase(words.begin() + static_cast<std::ptrdiff_t>(i) + 1);
  }
  return words;
}

bool are_opposites(const std::string& one, const std::string& other) {
  static const std::set<std::pair<std::string, std::string>> kOpposites = {
      {"left", "right"}, {"cw", "ccw"}, {"clockwise", "counterclockwise"}, {"clockwise", "anticlockwise"}};
  return kOpposites.count({one, other}) != 0 || kOpposites.count({other, one}) != 0;
}

bool are_mirror_images(const std::string& one, const std::string& other) {
  const std::vector<std::string> a = words_of(one), b = words_of(other);
  return a != b && std::equal(a.begin(), a.end(), b.begin(), b.end(),
                              [](const auto& x, const auto& y) { return x == y || are_opposites(x, y); });
}

}  // namespace

std::vector<std::pair<std::string, std::string>> find_mirror_classes(
    const std::vector<std::string>& classes) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    for (std::size_t j = i + 1; j < classes.size(); ++j) {
      if (are_mirror_images(classes[i], classes[j])) pairs.emplace_back(classes[i], classes[j]);
    }
  }
  return pairs;
}

}  // namespace actrec
