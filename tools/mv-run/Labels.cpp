//===- Labels.cpp - The right answers, for --labels -----------------------------===//

#include "Labels.h"

#include "mv/Support/MappedFile.h"
#include "mv/Support/Text.h"

#include <algorithm>
#include <filesystem>
#include <set>

using namespace mv;
using namespace mv::run;
namespace fs = std::filesystem;

//===----------------------------------------------------------------------===//
// CSV
//===----------------------------------------------------------------------===//

/// Takes a field off the front of `rest`: quoted, with "" for a quotation mark, or up to `end`.
static std::string takeField(std::string_view &rest, char end) {
  std::string field;
  if (!rest.empty() && rest.front() == '"') {
    size_t i = 1;
    for (; i < rest.size(); ++i) {
      if (rest[i] != '"') {
        field += rest[i];
      } else if (i + 1 < rest.size() && rest[i + 1] == '"') {
        field += '"';
        ++i;
      } else {
        break;
      }
    }
    rest.remove_prefix(std::min(i + 1, rest.size()));
    return field;
  }
  size_t size = end ? std::min(rest.find(end), rest.size()) : rest.size();
  field = rest.substr(0, size);
  rest.remove_prefix(size);
  return field;
}

static std::string_view trimmed(std::string_view text) {
  size_t begin = text.find_first_not_of(" \t\r"), end = text.find_last_not_of(" \t\r");
  return begin == std::string_view::npos ? std::string_view() : text.substr(begin, end - begin + 1);
}

StatusOr<LabelFile> LabelFile::parse(std::string_view text, const std::string &path) {
  LabelFile file;
  file.path_ = path;
  if (text.starts_with("\xEF\xBB\xBF")) // The byte-order mark that spreadsheets write.
    text.remove_prefix(3);
  for (size_t number = 1; !text.empty(); ++number) {
    size_t size = std::min(text.find('\n'), text.size());
    std::string_view line = trimmed(text.substr(0, size));
    text.remove_prefix(std::min(size + 1, text.size()));
    if (line.empty())
      continue;
    std::string_view rest = line;
    Row row;
    row.picture = trimmed(takeField(rest, ','));
    rest = trimmed(rest);
    bool hasComma = rest.starts_with(',');
    rest.remove_prefix(hasComma ? 1 : 0);
    rest = trimmed(rest);
    row.label = trimmed(takeField(rest, '\0'));
    row.line = number;
    if (!hasComma || row.picture.empty() || row.label.empty() || !rest.empty())
      return Status::invalidInput(quote(path) + ", line " + std::to_string(number) +
                                  ": expected picture,label, found " + quote(line));
    if (file.rows_.empty() && number == 1 && row.picture == "picture" && row.label == "label")
      continue;
    file.rows_.push_back(std::move(row));
  }
  if (file.rows_.empty())
    return Status::invalidInput(quote(path) + ": expected rows picture,label, found none");
  return file;
}

StatusOr<LabelFile> LabelFile::open(const std::string &path) {
  MV_ASSIGN_OR_RETURN(MappedFile file, MappedFile::open(path));
  return parse({reinterpret_cast<const char *>(file.bytes().data()), file.bytes().size()}, path);
}

std::string LabelFile::pathOf(const Row &row) const {
  fs::path beside = fs::path(path_).parent_path() / row.picture;
  std::error_code ignored;
  return fs::exists(beside, ignored) || !fs::exists(row.picture, ignored) ? beside.string() : row.picture;
}

std::vector<std::string> LabelFile::picturePaths() const {
  std::vector<std::string> paths;
  paths.reserve(rows_.size());
  for (const Row &row : rows_)
    paths.push_back(pathOf(row));
  return paths;
}

/// One spelling for every way to write the path of a file.
static std::string canonicalPath(const std::string &path) {
  std::error_code error;
  fs::path result = fs::weakly_canonical(path, error);
  return error ? path : result.string();
}

static Status needsPictures(const Input &input) {
  return Status::invalidInput("--labels needs pictures, found the tensor " + quote(input.name));
}

StatusOr<std::vector<int>> LabelFile::classesOf(const InputList &inputs, const ClassNames &names) const {
  std::map<std::string, const Row *> rowOf;
  for (const Row &row : rows_) {
    auto [entry, isNew] = rowOf.emplace(canonicalPath(pathOf(row)), &row);
    if (!isNew && entry->second->label != row.label)
      return Status::invalidInput(quote(path_) + ", line " + std::to_string(row.line) + ": " +
                                  quote(row.picture) + " has the label " + quote(row.label) + ", but " +
                                  quote(entry->second->label) + " in line " +
                                  std::to_string(entry->second->line));
  }
  std::vector<int> classes;
  for (const Input &input : inputs) {
    if (!input.isPicture())
      return needsPictures(input);
    auto entry = rowOf.find(canonicalPath(input.name));
    if (entry == rowOf.end())
      return Status::invalidInput(quote(path_) + ": no row for the picture " + quote(input.name) +
                                  "; paths in the file are relative to its folder");
    std::string where = quote(path_) + ", line " + std::to_string(entry->second->line);
    MV_ASSIGN_OR_RETURN(int index, names.parseLabel(entry->second->label, where));
    classes.push_back(index);
  }
  return classes;
}

//===----------------------------------------------------------------------===//
// Folders
//===----------------------------------------------------------------------===//

static std::string folderOf(const Input &input) {
  // The name as given: a picture that is a link counts where the link stands.
  std::error_code error;
  fs::path path = fs::absolute(input.name, error);
  return (error ? fs::path(input.name) : path).lexically_normal().parent_path().filename().string();
}

/// Rule 1. Nothing when some folder has no number; an error when a number contradicts the name after it.
static StatusOr<std::map<std::string, int>> classesByNumber(const std::set<std::string> &folders,
                                                            const ClassNames &names) {
  std::map<std::string, int> result;
  for (const std::string &folder : folders) {
    std::optional<int> number = leadingNumber(folder);
    if (!number)
      return std::map<std::string, int>();
    if (static_cast<size_t>(*number) >= names.count())
      return Status::invalidInput("folder " + quote(folder) + ": expected a class index from 0 to " +
                                  std::to_string(names.count() - 1) + " at the start of the name");
    ClassNames::Found named =
        names.find(folder.substr(std::min(folder.find_first_not_of("0123456789"), folder.size())));
    if (named.match == ClassNames::Match::One && named.index != *number)
      return Status::invalidInput("folder " + quote(folder) + ": the number says class " +
                                  std::to_string(*number) + ", but the model calls class " +
                                  std::to_string(named.index) + " that; rename the folder");
    result[folder] = *number;
  }
  return result;
}

/// Rule 2. Empty when some folder is not the name of exactly one class; `unknown` tells which.
static std::map<std::string, int> classesByName(const std::set<std::string> &folders, const ClassNames &names,
                                                std::string &unknown) {
  std::map<std::string, int> result;
  for (const std::string &folder : folders) {
    ClassNames::Found found = names.find(folder);
    if (found.match != ClassNames::Match::One) {
      unknown = folder;
      return {};
    }
    result[folder] = found.index;
  }
  return result;
}

static StatusOr<std::map<std::string, int>> classOfFolders(const std::set<std::string> &folders,
                                                           const ClassNames &names) {
  MV_ASSIGN_OR_RETURN(auto byNumber, classesByNumber(folders, names));
  if (!byNumber.empty())
    return byNumber;
  std::string unknown;
  std::map<std::string, int> byName = classesByName(folders, names, unknown);
  if (!byName.empty())
    return byName;
  if (folders.size() != names.count())
    return Status::invalidInput(
        "--labels: cannot tell the class of folder " + quote(unknown) +
        ": it neither begins with a class index nor is a label of the model, and there are " +
        std::to_string(folders.size()) + " folders for " + std::to_string(names.count()) +
        " classes; rename the folders or use --labels=FILE.csv");
  std::map<std::string, int> bySortedOrder;
  for (const std::string &folder : folders)
    bySortedOrder.emplace(folder, static_cast<int>(bySortedOrder.size()));
  return bySortedOrder;
}

StatusOr<std::vector<int>> run::classesByFolder(const InputList &inputs, const ClassNames &names) {
  std::vector<std::string> folderOfInput;
  for (const Input &input : inputs) {
    if (!input.isPicture())
      return needsPictures(input);
    folderOfInput.push_back(folderOf(input));
  }
  std::set<std::string> folders(folderOfInput.begin(), folderOfInput.end());
  MV_ASSIGN_OR_RETURN(auto classOf, classOfFolders(folders, names));
  std::vector<int> classes;
  classes.reserve(inputs.size());
  for (const std::string &folder : folderOfInput)
    classes.push_back(classOf.at(folder));
  return classes;
}
