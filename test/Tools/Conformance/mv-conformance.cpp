//===- mv-conformance.cpp - One file of cases over every device -----------------===//
//
//   mv-conformance FILE.mlir PACKAGE [--tolerance=T] [--disable=PASS]...
//
// The entry points of FILE.mlir are compiled to PACKAGE and run on every instruction set that this machine
// has; the reference interpreter says what is right.
//
//===----------------------------------------------------------------------===//

#include "Case.h"

#include <CLI/CLI.hpp>
#include <cstdio>

using namespace mv;

int main(int argc, char **argv) {
  std::string ir, package;
  double tolerance = 2e-6;
  std::vector<std::string> disabled;
  CLI::App app("Runs conformance cases on every device and compares with the reference interpreter");
  app.add_option("FILE", ir)->required();
  app.add_option("PACKAGE", package)->required();
  app.add_option("--tolerance", tolerance);
  app.add_option("--disable", disabled)->delimiter(',');
  CLI11_PARSE(app, argc, argv);

  StatusOr<std::vector<conformance::Case>> cases = conformance::prepare(ir, package, disabled);
  Status status = cases.ok() ? conformance::check(package, *cases, tolerance) : cases.status();
  if (!status.ok())
    std::fprintf(stderr, "mv-conformance: %s\n", status.message().c_str());
  return static_cast<int>(status.code());
}
