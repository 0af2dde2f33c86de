//===- mv-lsp-server.cpp - Language server for the IR in an editor --------------===//

#include "mlir/IR/DialectRegistry.h"
#include "mlir/Tools/mlir-lsp-server/MlirLspServerMain.h"
#include "mv/Pipeline/Register.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  mv::registerAllDialects(registry);
  mv::registerTestDialects(registry);
  return mlir::failed(mlir::MlirLspServerMain(argc, argv, registry));
}
