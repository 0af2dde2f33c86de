# MLIR, LLVM and lld 22 as the distribution packages them; everything links the shared libMLIR and libLLVM.
# LLVM's version file accepts only an exact request, so the major version is checked by hand.
find_package(MLIR REQUIRED CONFIG HINTS /usr/lib/llvm-22/lib/cmake/mlir)
if(NOT LLVM_VERSION_MAJOR EQUAL 22)
  message(FATAL_ERROR "mv needs LLVM 22, found ${LLVM_VERSION}: install the packages that scripts/install-deps.sh lists")
endif()
find_package(LLD REQUIRED CONFIG HINTS /usr/lib/llvm-22/lib/cmake/lld)
list(APPEND CMAKE_MODULE_PATH ${MLIR_CMAKE_DIR} ${LLVM_CMAKE_DIR})
include(TableGen)
include(AddLLVM)
include(AddMLIR)
message(STATUS "MLIR ${LLVM_VERSION} from ${MLIR_DIR}")
add_custom_target(MVGenerated)
include_directories(SYSTEM ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS}) # mlir-tblgen searches the directory's include path
