//===- MVOps.td - All ops of the mv dialect -------------------------*- tablegen -*-===//

#ifndef MV_IR_MVOPS_TD
#define MV_IR_MVOPS_TD

include "mv/IR/MVModelOps.td"
include "mv/IR/MVPrimitiveOps.td"
include "mv/IR/MVParameterOps.td"
include "mv/IR/MVKernelOps.td"

#endif // MV_IR_MVOPS_TD
