//===- mv-opt.cpp - Every pass, one at a time, on readable IR -------------------===//

#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mv/Pipeline/Register.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  mv::registerAllDialects(registry);
  mv::registerTestDialects(registry);
  mv::registerAllPasses();
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "MambaVision optimizer driver\n", registry));
}
