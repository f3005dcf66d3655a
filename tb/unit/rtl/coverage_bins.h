// The bins that coverage_table.h asks for: which there are, how often each was hit, which rule took which out. Knows no
// frames. Rows of the table that make no sense (an unknown name, an axis of more than 64 values) throw
// std::invalid_argument.
#pragma once
#include <algorithm>
#include <array>
#include <iomanip>
#include <ostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tb/unit/rtl/coverage_table.h"

namespace rssnic::test::coverage {

using Point = std::array<std::uint8_t, kAxes>;  // of a frame: its value on each axis
using Wanted = std::array<int, kAxes>;          // a value for some axes
constexpr int kAny = -1;
constexpr Wanted any_point() {
  Wanted wanted{};
  for (int& value : wanted) value = kAny;
  return wanted;
}

class CoverageTable {
 public:
  struct Term {
    Axis axis;
    std::uint64_t values;  // bit n: value n
  };
  struct Rule {
    RuleRow row;
    std::vector<Term> terms;
    bool matches(const Point& point) const {
      return std::all_of(terms.begin(), terms.end(), [&](const Term& t) { return t.values >> point[t.axis] & 1; });
    }
  };

  CoverageTable(const std::vector<AxisRow>& axes, const std::vector<RuleRow>& rules) {
    if (axes.size() != kAxes) throw std::invalid_argument("the table has not one row for each axis");
    for (std::size_t axis = 0; axis < kAxes; ++axis) {
      if (axes[axis].axis != axis) throw std::invalid_argument(std::string("row out of order: ") + axes[axis].name);
      names_[axis] = axes[axis].name;
      values_[axis] = words(axes[axis].values, ' ');
      if (values_[axis].size() > 64) throw std::invalid_argument("more than 64 values: " + names_[axis]);
    }
    for (const RuleRow& row : rules) {
      Rule rule{row, {}};
      for (const std::string& term : words(row.combinations, ' ')) rule.terms.push_back(parse(term));
      rules_.push_back(std::move(rule));
    }
  }

  const std::string& name(std::size_t axis) const { return names_[axis]; }
  const std::vector<std::string>& values(std::size_t axis) const { return values_[axis]; }
  const std::vector<Rule>& rules() const { return rules_; }

  std::string text(const Point& point) const {
    std::string text;
    for (std::size_t axis = 0; axis < kAxes; ++axis) {
      text += (axis ? " " : "") + names_[axis] + "=" + values_[axis][point[axis]];
    }
    return text;
  }

 private:
  static std::vector<std::string> words(const std::string& text, char separator) {
    std::vector<std::string> words;
    std::istringstream in(text);
    for (std::string word; std::getline(in, word, separator);) words.push_back(word);
    return words;
  }
  template <typename Names>
  static std::size_t index_of(const Names& names, const std::string& name, const std::string& where) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) throw std::invalid_argument("unknown name '" + name + "' in '" + where + "'");
    return static_cast<std::size_t>(found - names.begin());
  }
  Term parse(const std::string& term) const {
    const std::size_t equals = term.find('=');
    if (equals == std::string::npos || equals == 0) throw std::invalid_argument("no axis=value: '" + term + "'");
    const bool other_than = term[equals - 1] == '!';
    const std::size_t axis = index_of(names_, term.substr(0, equals - other_than), term);
    std::uint64_t values = 0;
    for (const std::string& value : words(term.substr(equals + 1), ',')) {
      values |= std::uint64_t{1} << index_of(values_[axis], value, term);
    }
    return {static_cast<Axis>(axis), other_than ? ~values : values};
  }

  std::array<std::string, kAxes> names_;
  std::array<std::vector<std::string>, kAxes> values_;
  std::vector<Rule> rules_;
};

class CoverageBins {
 public:
  struct Bin {
    std::size_t cross, index;
  };

  // Axes that are fixed keep their value: bins with another one are not asked for.
  CoverageBins(const CoverageTable& table, const std::vector<CrossRow>& crosses, const Wanted& fixed)
      : table_(table), fixed_(fixed), taken_out_(table.rules().size()) {
    for (const CrossRow& row : crosses) add_cross(row);
  }

  // Bins that still need hits and lie within `within`.
  std::vector<Bin> unfilled(const Wanted& within) const {
    std::vector<Bin> bins;
    for (std::size_t cross = 0; cross < crosses_.size(); ++cross) {
      for (const std::size_t index : crosses_[cross].asked) {
        if (filled({cross, index})) continue;
        const Wanted at = wanted({cross, index});
        const auto fits = [&](Axis axis) { return within[axis] == kAny || within[axis] == at[axis]; };
        const std::vector<Axis>& axes = crosses_[cross].row.axes;
        if (std::all_of(axes.begin(), axes.end(), fits)) bins.push_back({cross, index});
      }
    }
    return bins;
  }

  bool filled(const Bin& bin) const { return crosses_[bin.cross].hits[bin.index] >= crosses_[bin.cross].row.hits; }

  // The values that a frame must have to lie in the bin; the fixed ones among them.
  Wanted wanted(const Bin& bin) const {
    Wanted wanted = fixed_;
    std::size_t rest = bin.index;
    const std::vector<Axis>& axes = crosses_[bin.cross].row.axes;
    for (auto axis = axes.rbegin(); axis != axes.rend(); ++axis) {
      wanted[*axis] = static_cast<int>(rest % table_.values(*axis).size());
      rest /= table_.values(*axis).size();
    }
    return wanted;
  }

  // Counts a frame. The reason of a rule that the frame breaks, else an empty text.
  std::string count(const Point& point) {
    ++frames_;
    for (Cross& cross : crosses_) ++cross.hits[index_of(cross, point)];
    for (const CoverageTable::Rule& rule : table_.rules()) {
      if (rule.row.why == Why::never && rule.matches(point)) {
        return std::string(rule.row.combinations) + ": " + rule.row.reason;
      }
    }
    return "";
  }

  std::string text(const Bin& bin) const {
    std::string text = crosses_[bin.cross].row.name + std::string(":");
    const Wanted at = wanted(bin);
    for (const Axis axis : crosses_[bin.cross].row.axes) {
      text += " " + table_.name(axis) + "=" + table_.values(axis)[static_cast<std::size_t>(at[axis])];
    }
    return text;
  }

  // How many bins each rule takes out, in the order of the rules.
  const std::vector<std::size_t>& taken_out() const { return taken_out_; }

  // A line a cross: bins asked for, taken out by rules, empty, fewest and mean hits.
  friend std::ostream& operator<<(std::ostream& out, const CoverageBins& bins) {
    std::size_t asked = 0;
    out << std::left << std::setw(32) << "cross" << std::right << std::setw(8) << "bins" << std::setw(10) << "excluded"
        << std::setw(7) << "empty" << std::setw(7) << "need" << std::setw(8) << "fewest" << std::setw(10) << "mean\n";
    for (std::size_t n = 0; n < bins.crosses_.size(); ++n) {
      const Cross& cross = bins.crosses_[n];
      std::size_t empty = 0, sum = 0, fewest = ~std::size_t{0};
      for (const std::size_t index : cross.asked) {
        empty += !bins.filled({n, index});
        sum += cross.hits[index];
        fewest = std::min<std::size_t>(fewest, cross.hits[index]);
      }
      asked += cross.asked.size();
      out << std::left << std::setw(32) << cross.row.name << std::right << std::setw(8) << cross.asked.size()
          << std::setw(10) << cross.excluded << std::setw(7) << empty << std::setw(7) << cross.row.hits << std::setw(8)
          << (cross.asked.empty() ? 0 : fewest) << std::setw(9) << sum / std::max<std::size_t>(1, cross.asked.size())
          << '\n';
    }
    return out << asked << " bins, " << bins.frames_ << " frames\n";
  }

  // The whole table: a row a bin, also those that a rule takes out.
  void write_csv(std::ostream& out) const {
    out << "cross,bin,needed,hits,excluded\n";
    for (std::size_t n = 0; n < crosses_.size(); ++n) {
      const Cross& cross = crosses_[n];
      for (std::size_t index = 0; index < cross.hits.size(); ++index) {
        if (cross.outside(index)) continue;
        const std::string bin = text({n, index}).substr(std::string(cross.row.name).size() + 2);
        const std::uint16_t rule = cross.rule[index];
        out << cross.row.name << ',' << bin << ',' << (rule ? 0 : cross.row.hits) << ',' << cross.hits[index] << ",\""
            << (rule ? table_.rules()[rule - 1u].row.reason : "") << "\"\n";
      }
    }
  }

 private:
  static constexpr std::uint16_t kOutside = 0xffff;
  struct Cross {
    CrossRow row;
    std::vector<std::uint32_t> hits;
    std::vector<std::uint16_t> rule;  // 1 + number of the rule that takes the bin out, or 0
    std::vector<std::size_t> asked;
    std::size_t excluded = 0;
    bool outside(std::size_t index) const { return rule[index] == kOutside; }
  };

  void add_cross(const CrossRow& row) {
    std::size_t size = 1;
    for (const Axis axis : row.axes) size *= table_.values(axis).size();
    crosses_.push_back({row, std::vector<std::uint32_t>(size), std::vector<std::uint16_t>(size), {}, 0});
    Cross& cross = crosses_.back();
    std::vector<std::size_t> rules;
    for (std::size_t n = 0; n < table_.rules().size(); ++n) {
      const auto& terms = table_.rules()[n].terms;
      const auto known = [&](const auto& term) {
        return std::find(row.axes.begin(), row.axes.end(), term.axis) != row.axes.end();
      };
      if (std::all_of(terms.begin(), terms.end(), known)) rules.push_back(n);
    }
    for (std::size_t index = 0; index < size; ++index) {
      const Wanted at = wanted({crosses_.size() - 1, index});
      Point point{};
      bool outside = false;
      for (const Axis axis : row.axes) {
        point[axis] = static_cast<std::uint8_t>(at[axis]);
        outside = outside || (fixed_[axis] != kAny && fixed_[axis] != at[axis]);
      }
      if (outside) {
        cross.rule[index] = kOutside;
        continue;
      }
      const auto rule =
          std::find_if(rules.begin(), rules.end(), [&](std::size_t n) { return table_.rules()[n].matches(point); });
      if (rule == rules.end()) {
        cross.asked.push_back(index);
      } else {
        cross.rule[index] = static_cast<std::uint16_t>(1 + *rule);
        ++cross.excluded;
        ++taken_out_[*rule];
      }
    }
  }

  std::size_t index_of(const Cross& cross, const Point& point) const {
    std::size_t index = 0;
    for (const Axis axis : cross.row.axes) index = index * table_.values(axis).size() + point[axis];
    return index;
  }

  const CoverageTable& table_;
  const Wanted fixed_;
  std::vector<Cross> crosses_;
  std::vector<std::size_t> taken_out_;
  std::size_t frames_ = 0;
};

}  // namespace rssnic::test::coverage
