//===- EntryPoints.c - Every name the driver exports, and who answers it -------------===//
//
// The simulator implements a part of the driver's interface. The rest is exported all the
// same, as weak functions that return CUDA_ERROR_NOT_SUPPORTED: a program that looks a name
// up with dlsym or cuGetProcAddress finds it, and calling it fails in the open. A strong
// definition anywhere in the library takes the place of the weak one.
//
// Written in C without cuda.h, because here every function has the same type.
//
//===----------------------------------------------------------------------===//

#include "EntryPoints.h"

extern int mvDriverUnsupported(const char *name);

#define MV_ENTRY_POINT(name)                                                                                 \
  __attribute__((weak, visibility("default"))) int name(void) { return mvDriverUnsupported(#name); }
#include "EntryPoints.inc"
#undef MV_ENTRY_POINT

#define MV_VARIANT(symbol, version, per_thread, exported)                                                    \
  {#symbol, version, per_thread, (void (*)(void))exported},
const struct MVDriverVariant mvDriverVariants[] = {
#include "EntryPoints.inc"
    {0, 0, 0, 0}};
