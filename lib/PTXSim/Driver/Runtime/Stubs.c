//===- Stubs.c - The runtime's functions that are not simulated -----------------------------===//
//
// Weak, and replaced by any definition; see the driver's EntryPoints.c.
//
//===----------------------------------------------------------------------===//

#define MV_ENTRY_POINT(name)                                                                                 \
  __attribute__((weak, visibility("default"))) int name(void) { return 801; /* cudaErrorNotSupported */ }
#include "RuntimeEntryPoints.inc"
