#include "data/stratify.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace actrec {
namespace {

int count_values(const std::vector<int>& numbers) {
  return numbers.empty() ? 0 : *std::max_element(numbers.begin(), numbers.end()) + 1;
}

// The items of each class, in random order.
std::vector<std::vector<std::size_t>> shuffled_classes(const std::vector<int>& labels, KeyedRandom& random) {
  std::vector<std::vector<std::size_t>> classes(static_cast<std::size_t>(count_values(labels)));
  for (std::size_t i = 0; i < labels.size(); ++i) classes[static_cast<std::size_t>(labels[i])].push_back(i);
  for (std::vector<std::size_t>& items : classes) random.shuffle(items);
  return classes;
}

struct ClassCount {
  std::size_t label;
  double count;
};

// Assigns groups to parts one after the other.
class GroupDivider {
 public:
  GroupDivider(const std::vector<int>& labels, const std::vector<int>& groups,
               const std::vector<double>& shares)
      : shares_(shares),
        total_(static_cast<double>(labels.size())),
        groups_(static_cast<std::size_t>(count_values(groups))),
        sizes_(groups_.size()) {
    totals_.resize(static_cast<std::size_t>(count_values(labels)));
    holders_.resize(totals_.size());
    for (std::size_t i = 0; i < labels.size(); ++i) {
      const auto label = static_cast<std::size_t>(labels[i]);
      std::vector<ClassCount>& counts = groups_[static_cast<std::size_t>(groups[i])];
      const auto found =
          std::find_if(counts.begin(), counts.end(), [&](const ClassCount& c) { return c.label == label; });
      if (found != counts.end()) {
        ++found->count;
      } else {
        counts.push_back({label, 1});
        ++holders_[label];
      }
      ++totals_[label];
      ++sizes_[static_cast<std::size_t>(groups[i])];
    }
    counts_.assign(shares.size(), std::vector<double>(totals_.size()));
    part_sizes_.resize(shares.size());
    members_.resize(shares.size());
    part_of_.resize(groups_.size());
  }

  std::vector<std::size_t> divide(bool first_has_all, KeyedRandom random) {
    std::vector<std::size_t> order(groups_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    random.shuffle(order);
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return sizes_[a] > sizes_[b]; });

    for (const std::size_t group : order) {
      move(group, first_has_all && last_chance_for_first(group) ? 0 : best_part(group), +1);
      for (const ClassCount& c : groups_[group]) --holders_[c.label];
    }
    // The small groups come last: where a part got none, one of those does the least harm.
    std::reverse(order.begin(), order.end());
    for (std::size_t part = 0; part < shares_.size(); ++part) {
      if (shares_[part] <= 0 || members_[part] > 0) continue;
      for (const std::size_t group : order) {
        const std::size_t from = part_of_[group];
        if (members_[from] < 2 || (first_has_all && from == 0 && is_all_of_a_class_in_first(group))) continue;
        move(group, from, -1);
        move(group, part, +1);
        break;
      }
    }
    return part_of_;
  }

 private:
  // Whether a class of this group is not in part 0 yet and in no later group.
  bool last_chance_for_first(std::size_t group) const {
    return std::any_of(groups_[group].begin(), groups_[group].end(), [&](const ClassCount& c) {
      return holders_[c.label] == 1 && counts_[0][c.label] == 0;
    });
  }

  bool is_all_of_a_class_in_first(std::size_t group) const {
    return std::any_of(groups_[group].begin(), groups_[group].end(),
                       [&](const ClassCount& c) { return counts_[0][c.label] <= c.count; });
  }

  // Counts the group into a part (sign 1) or out of it (sign -1).
  void move(std::size_t group, std::size_t part, int sign) {
    part_of_[group] = part;
    members_[part] += sign;
    part_sizes_[part] += sign * sizes_[group];
    for (const ClassCount& c : groups_[group]) counts_[part][c.label] += sign * c.count;
  }

  std::size_t best_part(std::size_t group) const {
    std::size_t best = 0;
    double best_cost = std::numeric_limits<double>::infinity();
    for (std::size_t part = 0; part < shares_.size(); ++part) {
      const double cost = shares_[part] > 0 ? cost_of(group, part) : best_cost;
      if (cost >= best_cost) continue;
      best = part;
      best_cost = cost;
    }
    return best;
  }

  // Change of the squared distance from the wanted counts, each class relative to its size, and the size of
  // the part likewise, which decides where classes are too small to.
  double cost_of(std::size_t group, std::size_t part) const {
    const auto change = [&](double count, double added, double total) {
      const double wanted = shares_[part] * total;
      return added * (2 * (count - wanted) + added) / total;
    };
    double cost = change(part_sizes_[part], sizes_[group], total_);
    for (const ClassCount& c : groups_[group])
      cost += change(counts_[part][c.label], c.count, totals_[c.label]);
    return cost;
  }

  const std::vector<double>& shares_;
  double total_;  // items
  std::vector<std::vector<ClassCount>> groups_;
  std::vector<double> sizes_;                // items of each group
  std::vector<double> totals_;               // items of each class
  std::vector<int> holders_;                 // groups not yet assigned that have the class
  std::vector<std::vector<double>> counts_;  // [part][class]
  std::vector<double> part_sizes_;
  std::vector<int> members_;          // groups of each part
  std::vector<std::size_t> part_of_;  // of each group
};

// How many of `size` items make up `share` of them. `owed` carries what rounding left over from class to
// class.
std::size_t take(std::size_t size, double share, double& owed) {
  const double wanted = share * static_cast<double>(size);
  owed += wanted;
  double count = std::clamp(std::round(owed), std::floor(wanted), std::ceil(wanted));
  if (share > 0 && size >= 3) count = std::max(count, 1.0);
  owed -= count;
  return static_cast<std::size_t>(count);
}

}  // namespace

std::vector<int> stratify_groups(const std::vector<int>& labels, const std::vector<int>& groups,
                                 const std::vector<double>& shares, bool first_has_all, KeyedRandom random) {
  const std::vector<std::size_t> part_of_group =
      GroupDivider(labels, groups, shares).divide(first_has_all, random);
  std::vector<int> parts;
  parts.reserve(labels.size());
  for (const int group : groups)
    parts.push_back(static_cast<int>(part_of_group[static_cast<std::size_t>(group)]));
  return parts;
}

std::vector<int> stratify_clips(const std::vector<int>& labels, double val, double test, KeyedRandom random) {
  std::vector<int> parts(labels.size(), 0);
  double val_owed = 0, test_owed = 0;
  for (const std::vector<std::size_t>& items : shuffled_classes(labels, random)) {
    std::size_t for_test = take(items.size(), test, test_owed);
    std::size_t for_val = take(items.size(), val, val_owed);
    while (for_test + for_val > 0 && for_test + for_val >= items.size())
      --(for_test > for_val ? for_test : for_val);
    for (std::size_t i = 0; i < for_test + for_val; ++i) parts[items[i]] = i < for_test ? 2 : 1;
  }
  return parts;
}

std::vector<int> stratify_folds(const std::vector<int>& labels, int folds, KeyedRandom random) {
  std::vector<int> parts(labels.size());
  int next = 0;  // goes on from class to class, so that the folds' sizes stay even
  for (const std::vector<std::size_t>& items : shuffled_classes(labels, random)) {
    for (const std::size_t item : items) {
      parts[item] = next;
      next = (next + 1) % folds;
    }
  }
  return parts;
}

}  // namespace actrec
