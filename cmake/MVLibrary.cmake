# Compiler flags, and the functions every folder of lib/ and tools/ declares itself with.
#
#   mv_runtime_library(NAME SOURCES... [LINK ...])    exceptions, no LLVM: Package reader, Runtime, PTXSim
#   mv_compiler_library(NAME SOURCES... [LINK ...])   links MLIR/LLVM, no exceptions, no RTTI
#   mv_unit_test(NAME SOURCES... [LINK ...])          a GoogleTest program under <build>/unit, run by lit
#   mv_fuzzer(NAME SOURCE [LINK ...])                 a libFuzzer program, only with MV_BUILD_FUZZERS

add_compile_options(-Wall -Wextra -Wno-unused-parameter -fvisibility=hidden -ffunction-sections -fdata-sections)
add_compile_options($<$<COMPILE_LANG_AND_ID:CXX,Clang>:-fno-semantic-interposition>)
add_link_options(-fuse-ld=lld -Wl,--gc-sections -Wl,--as-needed)
if(MV_SANITIZE)
  add_compile_options(-fsanitize=${MV_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=${MV_SANITIZE})
endif()

function(mv_runtime_library name)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PUBLIC ${ARG_LINK})
endfunction()

# MLIR is built without RTTI and exceptions; what derives from its classes must be too.
function(mv_apply_compiler_flags name)
  target_compile_options(${name} PRIVATE -fno-rtti -fno-exceptions)
  target_compile_definitions(${name} PRIVATE JSON_NOEXCEPTION)
  target_include_directories(${name} SYSTEM PUBLIC ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
  target_link_libraries(${name} PUBLIC MLIR LLVM)
endfunction()

function(mv_compiler_library name)
  cmake_parse_arguments(ARG "" "" "LINK;DEPENDS" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  mv_apply_compiler_flags(${name})
  target_link_libraries(${name} PUBLIC ${ARG_LINK})
  add_dependencies(${name} MVGenerated ${ARG_DEPENDS})
endfunction()

function(mv_unit_test name)
  cmake_parse_arguments(ARG "COMPILER" "" "LINK" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/unit)
  target_link_libraries(${name} PRIVATE ${ARG_LINK} GTest::gtest GTest::gtest_main)
  if(ARG_COMPILER)
    mv_apply_compiler_flags(${name})
    add_dependencies(${name} MVGenerated)
  endif()
  set_property(GLOBAL APPEND PROPERTY MV_UNIT_TESTS ${name})
endfunction()

function(mv_fuzzer name source)
  if(NOT MV_BUILD_FUZZERS)
    return()
  endif()
  cmake_parse_arguments(ARG "COMPILER" "" "LINK" ${ARGN})
  add_executable(${name} ${source})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/fuzz)
  target_compile_options(${name} PRIVATE -fsanitize=fuzzer)
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  target_link_libraries(${name} PRIVATE ${ARG_LINK})
  if(ARG_COMPILER)
    mv_apply_compiler_flags(${name})
    add_dependencies(${name} MVGenerated)
  endif()
  set_property(GLOBAL APPEND PROPERTY MV_FUZZERS ${name})
endfunction()
