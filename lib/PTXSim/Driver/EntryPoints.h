//===- EntryPoints.h - The table behind cuGetProcAddress ------------*- C -*-===//

#ifndef MV_LIB_PTXSIM_DRIVER_ENTRYPOINTS_H
#define MV_LIB_PTXSIM_DRIVER_ENTRYPOINTS_H

#ifdef __cplusplus
extern "C" {
#endif

/// One version of one driver function: `symbol` as cuGetProcAddress is asked for it, the CUDA version (1000 *
/// major + 10 * minor) it appeared in, whether it uses the per-thread default stream, and its address.
struct MVDriverVariant {
  const char *symbol;
  int version;
  int perThread;
  void (*address)(void);
};

/// Ends with an entry whose symbol is null. Variants of a symbol are in ascending order of version.
extern const struct MVDriverVariant mvDriverVariants[];

#ifdef __cplusplus
}
#endif

#endif // MV_LIB_PTXSIM_DRIVER_ENTRYPOINTS_H
