//===- Labels.h - The right answers, for --labels -------------------*- C++ -*-===//

#ifndef MV_TOOLS_RUN_LABELS_H
#define MV_TOOLS_RUN_LABELS_H

#include "ClassNames.h"
#include "Inputs.h"

namespace mv::run {

/// `picture,label` rows of a CSV file.
class LabelFile {
public:
  struct Row {
    std::string picture; ///< As written.
    std::string label;
    size_t line;
  };

  /// Fields may be quoted ("a, b"); an unquoted label may hold commas. A first row `picture,label` is a
  /// heading.
  static StatusOr<LabelFile> open(const std::string &path);
  static StatusOr<LabelFile> parse(std::string_view text, const std::string &path);

  const std::vector<Row> &rows() const { return rows_; }

  /// Where a row's picture is: beside the file, or else as written.
  std::string pathOf(const Row &row) const;
  std::vector<std::string> picturePaths() const;

  /// The class of every input, each of which must be a picture that has a row.
  StatusOr<std::vector<int>> classesOf(const InputList &inputs, const ClassNames &names) const;

private:
  std::string path_;
  std::vector<Row> rows_;
};

/// The class of every input, told by the folder it lies in. In this order, and for all folders alike:
///   1. The folder's name begins with the class index ("0-t-shirt-top").
///   2. It is the name of a class.
///   3. There is one folder per class: the sorted order is that of the classes (ImageNet's n01440764 ...).
StatusOr<std::vector<int>> classesByFolder(const InputList &inputs, const ClassNames &names);

} // namespace mv::run

#endif // MV_TOOLS_RUN_LABELS_H
