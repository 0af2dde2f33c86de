//===- ClassNames.h - From the text of a label to a class -----------*- C++ -*-===//

#ifndef MV_TOOLS_RUN_CLASSNAMES_H
#define MV_TOOLS_RUN_CLASSNAMES_H

#include "mv/Support/Status.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mv::run {

/// The classes of a model: as many as it has logits, with names where the checkpoint gave any.
class ClassNames {
public:
  ClassNames(size_t count, std::vector<std::string> names);

  size_t count() const { return count_; }
  /// The name of class `index`; empty where it has none.
  const std::string &name(size_t index) const { return names_[index]; }

  enum class Match { None, One, Several };
  struct Found {
    Match match = Match::None;
    int index = -1;
  };
  /// Looks for the class called `name`. Case and everything but letters and digits do not count; of a name
  /// that lists synonyms ("tench, Tinca tinca") the whole and each part are known.
  Found find(std::string_view name) const;

  /// The class that a label in a file means: an index, or a name.
  StatusOr<int> parseLabel(std::string_view label, const std::string &where) const;

private:
  size_t count_;
  std::vector<std::string> names_;
  std::multimap<std::string, int> index_; ///< By reduced name; parts of a name stand beside whole names.
};

/// The number a name begins with, if the digits are all of it or are followed by something that is no letter
/// or digit: "0-t-shirt-top" -> 0, "12" -> 12, "7up" -> nothing.
std::optional<int> leadingNumber(std::string_view name);

} // namespace mv::run

#endif // MV_TOOLS_RUN_CLASSNAMES_H
