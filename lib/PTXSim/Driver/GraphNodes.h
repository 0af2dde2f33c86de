//===- GraphNodes.h - Operations from the parameters of nodes -------*- C++ -*-===//

#ifndef MV_LIB_PTXSIM_DRIVER_GRAPHNODES_H
#define MV_LIB_PTXSIM_DRIVER_GRAPHNODES_H

#include "Operation.h"

namespace mv::ptxsim::driver {

CUresult makeOperation(const CUDA_KERNEL_NODE_PARAMS &from, Operation &operation);
CUresult makeOperation(const CUDA_MEMCPY3D &from, Operation &operation);
CUresult makeOperation(const CUDA_MEMSET_NODE_PARAMS &from, Operation &operation);
CUresult makeOperation(const CUDA_HOST_NODE_PARAMS &from, Operation &operation);
/// Any kind that is simulated; the others are CUDA_ERROR_NOT_SUPPORTED.
CUresult makeOperation(const CUgraphNodeParams &from, Operation &operation);

} // namespace mv::ptxsim::driver

#endif // MV_LIB_PTXSIM_DRIVER_GRAPHNODES_H
