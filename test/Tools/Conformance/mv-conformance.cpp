//===- mv-conformance.cpp - One file of cases over every device -----------------===//
//
//   mv-conformance FILE.mlir PACKAGE [--target=cpu] [--tolerance=T] [--disable=PASS]...
//   mv-conformance FILE.mlir PACKAGE --target=sm_80 [--dtype=DTYPE] [--tolerance=T] [--disable=PASS]...
//     [--tuning=FILE.json]
//
// The entry points of FILE.mlir are compiled to PACKAGE and run on every instruction set that this machine
// has, or on a GPU (cuda-sim makes one); the reference interpreter says what is right.
//
//===----------------------------------------------------------------------===//

#include "Case.h"

#include <CLI/CLI.hpp>
#include <cstdio>

using namespace mv;
using namespace mv::conformance;

/// What rounding alone may do, with room for layers of a few thousand terms.
static double getTolerance(const Form &form) {
  if (!form.isGPU())
    return 2e-6;
  return form.dtype == "f16" ? 5e-3 : form.dtype == "bf16" ? 3e-2 : form.dtype == "tf32" ? 2e-3 : 2e-5;
}

static Status run(const std::string &ir, const std::string &package, const Form &form, double tolerance) {
  MV_ASSIGN_OR_RETURN(std::vector<Case> cases, prepare(ir, package, form));
  return form.isGPU() ? checkGPU(package, cases, tolerance) : checkCPU(package, cases, tolerance);
}

int main(int argc, char **argv) {
  std::string ir, package;
  Form form{"cpu", "f16", {}, {}};
  double tolerance = 0;
  CLI::App app("Runs conformance cases on every device and compares with the reference interpreter");
  app.add_option("FILE", ir)->required();
  app.add_option("PACKAGE", package)->required();
  app.add_option("--target", form.target, "cpu, or an architecture of GPUs");
  app.add_option("--dtype", form.dtype, "what a GPU's products multiply: f16, bf16, tf32, f32");
  app.add_option("--tolerance", tolerance);
  app.add_option("--tuning", form.tuning, "tiles of a GPU's products");
  app.add_option("--disable", form.disabled)->delimiter(',');
  CLI11_PARSE(app, argc, argv);

  Status status = run(ir, package, form, tolerance > 0 ? tolerance : getTolerance(form));
  if (!status.ok())
    std::fprintf(stderr, "mv-conformance: %s\n", status.message().c_str());
  return static_cast<int>(status.code());
}
