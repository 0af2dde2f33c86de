//===- Result.h - Errors of the simulated device --------------------*- C++ -*-===//
//
// The simulated device reports errors the way a driver does: a code that programs branch on, and a one-line
// message for the log. The codes follow the driver's; lib/PTXSim/Driver maps each to exactly one CUresult.
//
//===----------------------------------------------------------------------===//

#ifndef MV_PTXSIM_RESULT_H
#define MV_PTXSIM_RESULT_H

#include <string>
#include <string_view>
#include <utility>

namespace mv::ptxsim {

enum class Error {
  None,
  InvalidPTX,         ///< Malformed text; the message gives line and column.           (INVALID_PTX)
  UnsupportedPTX,     ///< Well-formed, but a feature that is not simulated, by name.    (INVALID_PTX /
                      ///< NOT_SUPPORTED)
  UnsupportedVersion, ///< .version or .target beyond what is known. (UNSUPPORTED_PTX_VERSION)
  InvalidValue,       ///< An argument out of range.                                     (INVALID_VALUE)
  OutOfMemory,        ///< Device memory exhausted.                                      (OUT_OF_MEMORY)
  OutOfResources, ///< Block too large: threads, shared memory, registers.           (LAUNCH_OUT_OF_RESOURCES)
  CooperativeTooLarge, ///< More blocks than can be resident at once. (COOPERATIVE_LAUNCH_TOO_LARGE)
  NotFound,            ///< No function or global of that name.                           (NOT_FOUND)
  NotSupported,        ///< For example clusters of more than one block.                  (NOT_SUPPORTED)
  UnresolvedSymbol,    ///< An .extern that nothing defines.                              (INVALID_IMAGE / JIT
                       ///< link error)
  IllegalAddress,      ///< Sticky, as all below: the context is dead.                    (ILLEGAL_ADDRESS)
  MisalignedAddress,   ///<                                                               (MISALIGNED_ADDRESS)
  IllegalInstruction, ///< For example an indirect call to what is no function.          (ILLEGAL_INSTRUCTION)
  InvalidAddressSpace, ///<                                                               (INVALID_ADDRESS_SPACE)
  Assert,              ///< A device-side assertion failed.                               (ASSERT)
  Trap,                ///< The kernel executed `trap`.                                   (LAUNCH_FAILED)
  LaunchFailed,        ///< Deadlock or another failure while running.                    (LAUNCH_FAILED)
  Timeout,             ///< Options::instructionLimit was reached.                        (LAUNCH_TIMEOUT)
};

/// True for errors after which a context cannot be used any more.
constexpr bool isSticky(Error error) { return error >= Error::IllegalAddress; }

/// An Error and a one-line message that says what, where, and what was expected.
class [[nodiscard]] Result {
public:
  Result() = default;
  Result(Error error, std::string message) : error_(error), message_(std::move(message)) {}

  bool ok() const { return error_ == Error::None; }
  Error error() const { return error_; }
  const std::string &message() const { return message_; }

private:
  Error error_ = Error::None;
  std::string message_;
};

std::string_view errorName(Error error);

} // namespace mv::ptxsim

#define PTXSIM_RETURN_IF_ERROR(expression)                                                                   \
  if (::mv::ptxsim::Result ptxsimResult = (expression); !ptxsimResult.ok())                                  \
  return ptxsimResult

#endif // MV_PTXSIM_RESULT_H
