//===- Parser.h - PTX text to Syntax --------------------------------*- C++ -*-===//

#ifndef MV_LIB_PTXSIM_PTX_PARSER_H
#define MV_LIB_PTXSIM_PTX_PARSER_H

#include "PTXSim/PTX/Syntax.h"
#include "mv/PTXSim/Result.h"

#include <memory>
#include <string_view>

namespace mv::ptxsim::ptx {

/// Parses a module. `name` stands in front of messages: "name:12:5: …". Never crashes, whatever the text is.
Result parse(std::string_view text, std::string_view name, std::unique_ptr<Module> &module);

} // namespace mv::ptxsim::ptx

#endif // MV_LIB_PTXSIM_PTX_PARSER_H
