//===- Inspect.cpp - mv-inspect without its main --------------------------------===//

#include "Inspect.h"

#include "mv/Support/MappedFile.h"
#include "mv/Support/Text.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

using namespace mv;
using namespace mv::inspect;

namespace {

struct Options {
  std::string model;
  std::string format = "text";
  bool verify = false;
  bool config = false;
  std::vector<std::string> extractCode; ///< Target and file, or nothing.
};

} // namespace

std::string mv::inspect::hashText(uint64_t hash) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text(16, '0');
  for (size_t index = 0; index < text.size(); ++index)
    text[index] = kDigits[hash >> (60 - 4 * index) & 15];
  return text;
}

static void declareOptions(CLI::App &app, Options &options) {
  app.add_option("MODEL", options.model, "The package that mv-compile wrote")->required();
  app.add_option("--format", options.format, "text or json")->check(CLI::IsMember({"text", "json"}));
  app.add_flag("--verify", options.verify, "Compute all checksums, the parameters' too");
  app.add_flag("--config", options.config,
               "Print the checkpoint's config.json, as it was read, and nothing else");
  app.add_option(
         "--extract-code", options.extractCode,
         "Write the code for TARGET to FILE: machine code, e.g. for objdump -D -b binary -m i386:x86-64; for "
         "GPUs sm_80.ptx or sm_80.cubin")
      ->expected(2)
      ->type_name("TARGET FILE");
}

static void extractCode(const Package &package, const std::string &target, const std::string &file) {
  std::string names;
  for (uint32_t index = 0; index < package.info().target_count; ++index) {
    const mv_target_info info = package.target(index);
    std::string name = info.name;
    if (std::string_view(info.kind) != "machine")
      name += "." + std::string(info.kind);
    names += (index ? ", " : "") + name;
    if (target != name)
      continue;
    const auto write = [&]() -> Status {
      MV_ASSIGN_OR_RETURN(AtomicFile output, AtomicFile::create(file));
      MV_RETURN_IF_ERROR(output.write(package.code(index)));
      return output.commit();
    };
    if (const Status status = write(); !status.ok())
      throw Error(static_cast<mv_code>(status.code()), status.message());
    return;
  }
  throw Error(MV_INVALID_INPUT, "there is no code for target " + quote(target) + ": expected " +
                                    (names.empty() ? "none" : names));
}

static std::string runOptions(const Options &options) {
  mv_package_options packageOptions = MV_PACKAGE_OPTIONS_INIT;
  packageOptions.skip_parameter_hashes = !options.verify;
  const Package package(options.model, packageOptions);
  if (!options.extractCode.empty()) {
    extractCode(package, options.extractCode[0], options.extractCode[1]);
    return "";
  }
  if (options.config)
    return package.info().config;
  if (options.format == "json")
    return jsonReport(package, options.model);
  return textReport(package, options.model) + (options.verify ? "\nAll checksums are right.\n" : "");
}

Result mv::inspect::inspect(int argc, const char *const *argv) {
  CLI::App app(
      "Says what is in a package: targets, entry points, kernels, parameters, checksums, licence note.",
      "mv-inspect");
  Options options;
  declareOptions(app, options);
  try {
    app.parse(argc, argv);
    return {MV_OK, runOptions(options), ""};
  } catch (const CLI::CallForHelp &) {
    return {MV_OK, app.help(), ""};
  } catch (const CLI::ParseError &error) {
    return {MV_INVALID_INPUT, "", std::string(error.what()) + "; try --help"};
  } catch (const Error &error) {
    return {error.code(), "", error.what()};
  } catch (const std::bad_alloc &) {
    return {MV_UNAVAILABLE, "", "out of memory"};
  } catch (const std::exception &error) {
    return {MV_INTERNAL, "", std::string("unexpected: ") + error.what()};
  }
}
