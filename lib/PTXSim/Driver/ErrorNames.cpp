//===- ErrorNames.cpp - cuGetErrorName and cuGetErrorString ----------------------------===//

#include "CUDAHeader.h"

namespace {

struct ErrorText {
  CUresult code;
  const char *name, *text;
};

// clang-format off
#define MV_ERROR(code, text) {code, #code, text}
constexpr ErrorText errorTexts[] = {
    MV_ERROR(CUDA_SUCCESS, "no error"),
    MV_ERROR(CUDA_ERROR_INVALID_VALUE, "invalid argument"),
    MV_ERROR(CUDA_ERROR_OUT_OF_MEMORY, "out of memory"),
    MV_ERROR(CUDA_ERROR_NOT_INITIALIZED, "initialization error"),
    MV_ERROR(CUDA_ERROR_DEINITIALIZED, "driver shutting down"),
    MV_ERROR(CUDA_ERROR_PROFILER_DISABLED, "profiler disabled while using external profiling tool"),
    MV_ERROR(CUDA_ERROR_PROFILER_NOT_INITIALIZED, "profiler not initialized: call cudaProfilerInitialize()"),
    MV_ERROR(CUDA_ERROR_PROFILER_ALREADY_STARTED, "profiler already started"),
    MV_ERROR(CUDA_ERROR_PROFILER_ALREADY_STOPPED, "profiler already stopped"),
    MV_ERROR(CUDA_ERROR_STUB_LIBRARY, "CUDA driver is a stub library"),
    MV_ERROR(CUDA_ERROR_CALL_REQUIRES_NEWER_DRIVER, "call requires a newer driver"),
    MV_ERROR(CUDA_ERROR_DEVICE_UNAVAILABLE, "CUDA-capable device(s) is/are busy or unavailable"),
    MV_ERROR(CUDA_ERROR_NO_DEVICE, "no CUDA-capable device is detected"),
    MV_ERROR(CUDA_ERROR_INVALID_DEVICE, "invalid device ordinal"),
    MV_ERROR(CUDA_ERROR_DEVICE_NOT_LICENSED, "device does not have a valid license"),
    MV_ERROR(CUDA_ERROR_INVALID_IMAGE, "device kernel image is invalid"),
    MV_ERROR(CUDA_ERROR_INVALID_CONTEXT, "invalid device context"),
    MV_ERROR(CUDA_ERROR_CONTEXT_ALREADY_CURRENT, "context already current"),
    MV_ERROR(CUDA_ERROR_MAP_FAILED, "mapping of buffer object failed"),
    MV_ERROR(CUDA_ERROR_UNMAP_FAILED, "unmapping of buffer object failed"),
    MV_ERROR(CUDA_ERROR_ARRAY_IS_MAPPED, "array is mapped"),
    MV_ERROR(CUDA_ERROR_ALREADY_MAPPED, "resource already mapped"),
    MV_ERROR(CUDA_ERROR_NO_BINARY_FOR_GPU, "no kernel image is available for execution on the device"),
    MV_ERROR(CUDA_ERROR_ALREADY_ACQUIRED, "resource already acquired"),
    MV_ERROR(CUDA_ERROR_NOT_MAPPED, "resource not mapped"),
    MV_ERROR(CUDA_ERROR_NOT_MAPPED_AS_ARRAY, "resource not mapped as array"),
    MV_ERROR(CUDA_ERROR_NOT_MAPPED_AS_POINTER, "resource not mapped as pointer"),
    MV_ERROR(CUDA_ERROR_ECC_UNCORRECTABLE, "uncorrectable ECC error encountered"),
    MV_ERROR(CUDA_ERROR_UNSUPPORTED_LIMIT, "limit is not supported on this architecture"),
    MV_ERROR(CUDA_ERROR_CONTEXT_ALREADY_IN_USE, "exclusive-thread device already in use by a different thread"),
    MV_ERROR(CUDA_ERROR_PEER_ACCESS_UNSUPPORTED, "peer access is not supported between these two devices"),
    MV_ERROR(CUDA_ERROR_INVALID_PTX, "a PTX JIT compilation failed"),
    MV_ERROR(CUDA_ERROR_INVALID_GRAPHICS_CONTEXT, "invalid OpenGL or DirectX context"),
    MV_ERROR(CUDA_ERROR_NVLINK_UNCORRECTABLE, "uncorrectable NVLink error detected during the execution"),
    MV_ERROR(CUDA_ERROR_JIT_COMPILER_NOT_FOUND, "PTX JIT compiler library not found"),
    MV_ERROR(CUDA_ERROR_UNSUPPORTED_PTX_VERSION, "the provided PTX was compiled with an unsupported toolchain."),
    MV_ERROR(CUDA_ERROR_JIT_COMPILATION_DISABLED, "PTX JIT compilation was disabled"),
    MV_ERROR(CUDA_ERROR_UNSUPPORTED_EXEC_AFFINITY, "the provided execution affinity is not supported"),
    MV_ERROR(CUDA_ERROR_UNSUPPORTED_DEVSIDE_SYNC, "the operation was not supported: call to cudaDeviceSynchronize on the device"),
    MV_ERROR(CUDA_ERROR_CONTAINED, "an error was contained"),
    MV_ERROR(CUDA_ERROR_INVALID_SOURCE, "device kernel image is invalid"),
    MV_ERROR(CUDA_ERROR_FILE_NOT_FOUND, "file not found"),
    MV_ERROR(CUDA_ERROR_SHARED_OBJECT_SYMBOL_NOT_FOUND, "shared object symbol not found"),
    MV_ERROR(CUDA_ERROR_SHARED_OBJECT_INIT_FAILED, "shared object initialization failed"),
    MV_ERROR(CUDA_ERROR_OPERATING_SYSTEM, "OS call failed or operation not supported on this OS"),
    MV_ERROR(CUDA_ERROR_INVALID_HANDLE, "invalid resource handle"),
    MV_ERROR(CUDA_ERROR_ILLEGAL_STATE, "the operation cannot be performed in the present state"),
    MV_ERROR(CUDA_ERROR_LOSSY_QUERY, "attempted introspection would be semantically lossy"),
    MV_ERROR(CUDA_ERROR_NOT_FOUND, "named symbol not found"),
    MV_ERROR(CUDA_ERROR_NOT_READY, "device not ready"),
    MV_ERROR(CUDA_ERROR_ILLEGAL_ADDRESS, "an illegal memory access was encountered"),
    MV_ERROR(CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES, "too many resources requested for launch"),
    MV_ERROR(CUDA_ERROR_LAUNCH_TIMEOUT, "the launch timed out and was terminated"),
    MV_ERROR(CUDA_ERROR_LAUNCH_INCOMPATIBLE_TEXTURING, "launch uses incompatible texturing mode"),
    MV_ERROR(CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED, "peer access is already enabled"),
    MV_ERROR(CUDA_ERROR_PEER_ACCESS_NOT_ENABLED, "peer access has not been enabled"),
    MV_ERROR(CUDA_ERROR_PRIMARY_CONTEXT_ACTIVE, "cannot set while device is active in this process"),
    MV_ERROR(CUDA_ERROR_CONTEXT_IS_DESTROYED, "context is destroyed"),
    MV_ERROR(CUDA_ERROR_ASSERT, "device-side assert triggered"),
    MV_ERROR(CUDA_ERROR_TOO_MANY_PEERS, "peer mapping resources exhausted"),
    MV_ERROR(CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED, "part or all of the requested memory range is already mapped"),
    MV_ERROR(CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED, "pointer does not correspond to a registered memory region"),
    MV_ERROR(CUDA_ERROR_HARDWARE_STACK_ERROR, "hardware stack error"),
    MV_ERROR(CUDA_ERROR_ILLEGAL_INSTRUCTION, "an illegal instruction was encountered"),
    MV_ERROR(CUDA_ERROR_MISALIGNED_ADDRESS, "misaligned address"),
    MV_ERROR(CUDA_ERROR_INVALID_ADDRESS_SPACE, "operation not supported on global/shared address space"),
    MV_ERROR(CUDA_ERROR_INVALID_PC, "invalid program counter"),
    MV_ERROR(CUDA_ERROR_LAUNCH_FAILED, "unspecified launch failure"),
    MV_ERROR(CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE, "too many blocks in cooperative launch"),
    MV_ERROR(CUDA_ERROR_TENSOR_MEMORY_LEAK, "a kernel ended with tensor memory still allocated"),
    MV_ERROR(CUDA_ERROR_NOT_PERMITTED, "operation not permitted"),
    MV_ERROR(CUDA_ERROR_NOT_SUPPORTED, "operation not supported"),
    MV_ERROR(CUDA_ERROR_SYSTEM_NOT_READY, "system not yet initialized"),
    MV_ERROR(CUDA_ERROR_SYSTEM_DRIVER_MISMATCH, "system has unsupported display driver / cuda driver combination"),
    MV_ERROR(CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE, "forward compatibility was attempted on non supported HW"),
    MV_ERROR(CUDA_ERROR_MPS_CONNECTION_FAILED, "MPS client failed to connect to the MPS control daemon or the MPS server"),
    MV_ERROR(CUDA_ERROR_MPS_RPC_FAILURE, "the remote procedural call between the MPS server and the MPS client failed"),
    MV_ERROR(CUDA_ERROR_MPS_SERVER_NOT_READY, "MPS server is not ready to accept new MPS client requests"),
    MV_ERROR(CUDA_ERROR_MPS_MAX_CLIENTS_REACHED, "the hardware resources required to create MPS client have been exhausted"),
    MV_ERROR(CUDA_ERROR_MPS_MAX_CONNECTIONS_REACHED, "the hardware resources required to support device connections have been exhausted"),
    MV_ERROR(CUDA_ERROR_MPS_CLIENT_TERMINATED, "the MPS client has been terminated by the server"),
    MV_ERROR(CUDA_ERROR_CDP_NOT_SUPPORTED, "the program uses dynamic parallelism, which is not supported"),
    MV_ERROR(CUDA_ERROR_CDP_VERSION_MISMATCH, "the program mixes versions of dynamic parallelism"),
    MV_ERROR(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, "operation not permitted when stream is capturing"),
    MV_ERROR(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, "operation failed due to a previous error during capture"),
    MV_ERROR(CUDA_ERROR_STREAM_CAPTURE_MERGE, "operation would result in a merge of separate capture sequences"),
    MV_ERROR(CUDA_ERROR_STREAM_CAPTURE_UNMATCHED, "capture was not ended in the same stream as it began"),
    MV_ERROR(CUDA_ERROR_STREAM_CAPTURE_UNJOINED, "capturing stream has unjoined work"),
    MV_ERROR(CUDA_ERROR_STREAM_CAPTURE_ISOLATION, "dependency created on uncaptured work in another stream"),
    MV_ERROR(CUDA_ERROR_STREAM_CAPTURE_IMPLICIT, "operation would make the legacy stream depend on a capturing blocking stream"),
    MV_ERROR(CUDA_ERROR_CAPTURED_EVENT, "operation not permitted on an event last recorded in a capturing stream"),
    MV_ERROR(CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD, "attempt to terminate a thread-local capture sequence from another thread"),
    MV_ERROR(CUDA_ERROR_TIMEOUT, "wait operation timed out"),
    MV_ERROR(CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE, "the graph update was not performed because it included changes which violated constraints specific to instantiated graph update"),
    MV_ERROR(CUDA_ERROR_EXTERNAL_DEVICE, "an async error has occurred in external entity outside of CUDA"),
    MV_ERROR(CUDA_ERROR_INVALID_CLUSTER_SIZE, "a kernel launch error has occurred due to cluster misconfiguration"),
    MV_ERROR(CUDA_ERROR_FUNCTION_NOT_LOADED, "the function handle is not loaded when calling an API that requires a loaded function"),
    MV_ERROR(CUDA_ERROR_INVALID_RESOURCE_TYPE, "one or more resources passed in are not valid resource types for the operation"),
    MV_ERROR(CUDA_ERROR_INVALID_RESOURCE_CONFIGURATION, "one or more resources are insufficient or not applicable for the operation"),
    MV_ERROR(CUDA_ERROR_KEY_ROTATION, "the requested operation is not allowed because the resource is in key rotation state"),
    MV_ERROR(CUDA_ERROR_UNKNOWN, "unknown error"),
};
#undef MV_ERROR
// clang-format on

const ErrorText *findError(CUresult code) {
  for (const ErrorText &error : errorTexts)
    if (error.code == code)
      return &error;
  return nullptr;
}

} // namespace

CUresult cuGetErrorName(CUresult error, const char **text) {
  const ErrorText *found = findError(error);
  if (text)
    *text = found ? found->name : nullptr;
  return found && text ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

CUresult cuGetErrorString(CUresult error, const char **text) {
  const ErrorText *found = findError(error);
  if (text)
    *text = found ? found->text : nullptr;
  return found && text ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}
