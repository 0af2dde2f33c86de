/*===- mv.h - The C API of the runtime --------------------------------*- C -*-===*\
|*
|* Runs packages (.mvx) that mv-compile writes. Two objects: a package is a file, mapped and checked; a
|* session is a device's threads and memory for running it.
|*
|*     mv_package *package = NULL;
|*     mv_session *session = NULL;
|*     mv_status *status = mv_package_open("model.mvx", NULL, &package);
|*     if (!status)
|*       status = mv_session_create(package, NULL, &session);
|*     float *outputs[] = {logits, NULL};                       // the second output is not wanted
|*     if (!status)
|*       status = mv_session_run(session, 0, batch, images, outputs, 2);
|*     if (status)
|*       fprintf(stderr, "%s\n", mv_status_message(status));
|*     mv_status_free(status);                                  // all *_free and *_close take NULL
|*     mv_session_free(session);
|*     mv_package_close(package);
|*
|* Threads: a package may be used by any number of threads at once. A session is used by one thread at a time;
|* several sessions on one package are independent of each other. On a GPU they share the parameters.
|*
|* Lifetime: a session keeps what it needs of its package, so the two may be closed in either order. Strings
|* and arrays that a query returns belong to the object asked and live as long as it does.
|*
|* Stability: handles are opaque. Every struct begins with `size`, which the caller sets to sizeof the struct
|* (the *_INIT macros do), so that a program built against an older header goes on working: the library
|* touches no field beyond `size`, and takes options it was not given as zero, which is always the default.
|*
\*===----------------------------------------------------------------------===*/

#ifndef MV_MV_H
#define MV_MV_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define MV_API __attribute__((visibility("default")))
#else
#define MV_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the library, "0.1.0". */
MV_API const char *mv_version(void);

/*===----------------------------------------------------------------------===*\
|* Status
\*===----------------------------------------------------------------------===*/

/* The exit codes of the tools. */
typedef enum mv_code {
  MV_OK = 0,
  MV_CHECK_FAILED = 1,  /* a comparison the user asked for did not hold */
  MV_INVALID_INPUT = 2, /* a file, an option or a value of the caller's is wrong */
  MV_UNAVAILABLE = 3,   /* the machine lacks something: a device, memory, an instruction set */
  MV_INTERNAL = 4       /* a bug in this library */
} mv_code;

/* Why a call failed. Functions return NULL for success, else a status that the caller frees. */
typedef struct mv_status mv_status;

/* MV_OK for NULL. */
MV_API mv_code mv_status_code(const mv_status *status);
/* One line: what, where, expected and found, and what to do. "" for NULL. */
MV_API const char *mv_status_message(const mv_status *status);
MV_API void mv_status_free(mv_status *status);

/*===----------------------------------------------------------------------===*\
|* Package
\*===----------------------------------------------------------------------===*/

typedef struct mv_package mv_package;

typedef struct mv_package_options {
  size_t size;
  /* Not 0: open without hashing the parameters, the bulk of the file. Everything else is always checked. */
  int skip_parameter_hashes;
  /* Threads that hash; 0: one per CPU this process may use. */
  unsigned threads;
} mv_package_options;
#define MV_PACKAGE_OPTIONS_INIT {sizeof(mv_package_options), 0, 0}

/* Maps the file at `path` and checks all of it: structure, bounds, every index, checksums. */
MV_API mv_status *mv_package_open(const char *path, const mv_package_options *options, mv_package **package);
MV_API void mv_package_close(mv_package *package);

typedef struct mv_package_info {
  size_t size;
  const char *producer;    /* "mv 0.1.0" */
  const char *source;      /* what it was compiled from; may be "" */
  const char *licence;     /* licence note of the weights; may be "" */
  const char *config;      /* the checkpoint's config.json; may be "" */
  uint32_t format_version; /* of the file */
  uint32_t entry_count;    /* at least 1 */
  uint32_t label_count;    /* 0 where the checkpoint names no classes */
  uint32_t target_count;
  uint32_t kernel_count;
  uint32_t parameter_count;
  uint64_t file_bytes;
  uint64_t parameter_bytes; /* of the section, padding included */
  uint64_t code_bytes;      /* of all targets */
  uint64_t plan_hash;       /* XXH3 of the plan */
} mv_package_info;
#define MV_PACKAGE_INFO_INIT {sizeof(mv_package_info), NULL, NULL, NULL, NULL, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}

MV_API mv_status *mv_package_get_info(const mv_package *package, mv_package_info *info);

/* The name of class `index`, or NULL if there is none. */
MV_API const char *mv_package_label(const mv_package *package, uint32_t index);

/* How pictures become the model's input. The size to bring them to is the entry point's. */
typedef struct mv_preprocessing_info {
  size_t size;
  uint32_t channels; /* length of mean and deviation; 0: the package does not say, the rest is empty */
  const float *mean; /* input = (value / 255 - mean) / deviation */
  const float *deviation;
  double crop_pct;           /* input size / size of the picture before it is cropped, in (0, 1] */
  const char *crop_mode;     /* "center": keep the proportions; "squash": change them */
  const char *interpolation; /* "bicubic", "bilinear" */
} mv_preprocessing_info;
#define MV_PREPROCESSING_INFO_INIT {sizeof(mv_preprocessing_info), 0, NULL, NULL, 0, NULL, NULL}

MV_API mv_status *mv_package_get_preprocessing(const mv_package *package, mv_preprocessing_info *info);

/* An entry point: the model at one resolution. Entry 0 is the default. */
typedef struct mv_entry_info {
  size_t size;
  const char *name; /* "forward_224x224" */
  uint32_t channels;
  uint32_t height;
  uint32_t width;
  uint32_t output_count;
  uint32_t program_count; /* one for each kind of device it runs on */
  const char *input_type; /* "f32": normalised images; "u8": pictures, which the model normalises */
} mv_entry_info;
#define MV_ENTRY_INFO_INIT {sizeof(mv_entry_info), NULL, 0, 0, 0, 0, 0, NULL}

MV_API mv_status *mv_package_get_entry(const mv_package *package, uint32_t entry, mv_entry_info *info);
/* Finds the entry point for images of this size; the error lists the sizes there are. */
MV_API mv_status *mv_package_find_entry(const mv_package *package, uint32_t height, uint32_t width,
                                        uint32_t *entry);

/* How an entry point runs on one kind of device. */
typedef struct mv_program_info {
  size_t size;
  const char *device; /* "cpu", "cuda" */
  const char *dtype;  /* what its products multiply: "f32", "tf32", "f16", "bf16" */
  uint32_t dispatch_count;
  uint64_t arena_bytes; /* of intermediate results, for one image */
} mv_program_info;
#define MV_PROGRAM_INFO_INIT {sizeof(mv_program_info), NULL, NULL, 0, 0}

MV_API mv_status *mv_package_get_program(const mv_package *package, uint32_t entry, uint32_t program,
                                         mv_program_info *info);

typedef struct mv_output_info {
  size_t size;
  const char *name;      /* "logits", "pooled", "stage0" ... "stage3" */
  uint32_t rank;         /* length of shape */
  const uint32_t *shape; /* without the batch; maps are [channels, height, width] */
  uint64_t elements;     /* f32 values of one image */
} mv_output_info;
#define MV_OUTPUT_INFO_INIT {sizeof(mv_output_info), NULL, 0, NULL, 0}

MV_API mv_status *mv_package_get_output(const mv_package *package, uint32_t entry, uint32_t output,
                                        mv_output_info *info);

/* Machine code for one instruction set, or an image for GPUs. */
typedef struct mv_target_info {
  size_t size;
  const char *name; /* "x86-64", "x86-64-v3", "x86-64-v4"; "sm_80", "sm_90" ... */
  int supported;    /* whether this machine's CPU can run it; 0 for images for GPUs */
  uint64_t code_bytes;
  uint64_t code_hash; /* XXH3 */
  const char *kind;   /* "machine"; for GPUs "ptx" or "cubin" */
} mv_target_info;
#define MV_TARGET_INFO_INIT {sizeof(mv_target_info), NULL, 0, 0, 0, NULL}

MV_API mv_status *mv_package_get_target(const mv_package *package, uint32_t target, mv_target_info *info);
/* The code itself, position-independent and without relocations, or the image; for disassemblers. */
MV_API mv_status *mv_package_get_code(const mv_package *package, uint32_t target, const void **code,
                                      size_t *bytes);

typedef struct mv_kernel_info {
  size_t size;
  const char *name;
  const char *family;                /* the emitter: "conv2d", "linear", ... */
  uint64_t flops;                    /* for one image */
  uint64_t bytes_read;               /* of activations, for one image */
  uint64_t bytes_written;            /* for one image */
  uint64_t bytes_parameters;         /* whole */
  uint32_t implementation_count;     /* one per CPU target */
  uint32_t dispatch_count;           /* how often it runs, over all programs */
  uint32_t gpu_implementation_count; /* one per GPU target */
} mv_kernel_info;
#define MV_KERNEL_INFO_INIT {sizeof(mv_kernel_info), NULL, NULL, 0, 0, 0, 0, 0, 0, 0}

MV_API mv_status *mv_package_get_kernel(const mv_package *package, uint32_t kernel, mv_kernel_info *info);

/* How a kernel runs on one CPU target. */
typedef struct mv_implementation_info {
  size_t size;
  uint32_t target; /* index of the target */
  uint32_t phase_count;
  uint64_t scratch_bytes; /* private memory of each worker */
} mv_implementation_info;
#define MV_IMPLEMENTATION_INFO_INIT {sizeof(mv_implementation_info), 0, 0, 0}

MV_API mv_status *mv_package_get_implementation(const mv_package *package, uint32_t kernel,
                                                uint32_t implementation, mv_implementation_info *info);

/* One parallel loop, of ceil(batch * items / group) * multiplier workgroups. */
typedef struct mv_phase_info {
  size_t size;
  uint64_t code_offset; /* of its function, within the target's code */
  uint64_t items;
  uint64_t group;
  uint64_t multiplier;
} mv_phase_info;
#define MV_PHASE_INFO_INIT {sizeof(mv_phase_info), 0, 0, 0, 0}

MV_API mv_status *mv_package_get_phase(const mv_package *package, uint32_t kernel, uint32_t implementation,
                                       uint32_t phase, mv_phase_info *info);

/* How a kernel runs on the GPUs that a target names. */
typedef struct mv_gpu_implementation_info {
  size_t size;
  const char *target;    /* "sm_80" */
  uint32_t launch_count; /* of all variants */
} mv_gpu_implementation_info;
#define MV_GPU_IMPLEMENTATION_INFO_INIT {sizeof(mv_gpu_implementation_info), NULL, 0}

MV_API mv_status *mv_package_get_gpu_implementation(const mv_package *package, uint32_t kernel,
                                                    uint32_t implementation,
                                                    mv_gpu_implementation_info *info);

/* One launch, of ceil(batch * items / group) * multiplier blocks, in batches of `batch` or more. */
typedef struct mv_launch_info {
  size_t size;
  const char *function;
  uint32_t variant; /* the launches of one variant run one after another; others are for other batches */
  uint32_t batch;   /* the least that the variant is for */
  uint64_t items;
  uint64_t group;
  uint64_t multiplier;
  uint32_t threads;      /* of a block */
  uint32_t shared_bytes; /* dynamic shared memory of a block */
} mv_launch_info;
#define MV_LAUNCH_INFO_INIT {sizeof(mv_launch_info), NULL, 0, 0, 0, 0, 0, 0, 0}

MV_API mv_status *mv_package_get_launch(const mv_package *package, uint32_t kernel, uint32_t implementation,
                                        uint32_t launch, mv_launch_info *info);

/* A parameter as the kernels read it: folded, transposed, packed. */
typedef struct mv_parameter_info {
  size_t size;
  const char *name;
  const char *type; /* as the compiler's IR prints it */
  uint64_t bytes;
  uint64_t hash;    /* XXH3 of the bytes */
  const void *data; /* in the mapping, aligned to 64 bytes */
} mv_parameter_info;
#define MV_PARAMETER_INFO_INIT {sizeof(mv_parameter_info), NULL, NULL, 0, 0, NULL}

MV_API mv_status *mv_package_get_parameter(const mv_package *package, uint32_t parameter,
                                           mv_parameter_info *info);

/* Hashes the parameters now, for packages opened with skip_parameter_hashes. `threads` as in the options. */
MV_API mv_status *mv_package_verify(const mv_package *package, unsigned threads);

/*===----------------------------------------------------------------------===*\
|* Session
\*===----------------------------------------------------------------------===*/

typedef struct mv_session mv_session;

typedef struct mv_session_options {
  size_t size;
  /* "cpu" (or NULL), "cuda" or "cuda:N". A device that cannot be used is an error: there is no fall-back. */
  const char *device;
  /* Threads of the session, the caller's included; 0: one per CPU this process may use. */
  unsigned threads;
  /* Instruction set to use, e.g. "x86-64-v3"; NULL: the environment's MV_CPU_TARGET, else the best that the
     machine and the package have. An error if either has not got it. */
  const char *cpu_target;
  /* Not 0: record every dispatch's time from the first run on. */
  int profile;
  /* Not 0: fill memory with NaN before every run, so that a kernel that reads what none has written shows. */
  int poison;
} mv_session_options;
#define MV_SESSION_OPTIONS_INIT {sizeof(mv_session_options), NULL, 0, NULL, 0, 0}

/* `options` may be NULL. */
MV_API mv_status *mv_session_create(const mv_package *package, const mv_session_options *options,
                                    mv_session **session);
MV_API void mv_session_free(mv_session *session);

typedef struct mv_session_info {
  size_t size;
  const char *device; /* "cpu", "cuda" */
  const char *target; /* the instruction set in use, "x86-64-v4"; for GPUs the image, "sm_80" */
  unsigned threads;
  uint64_t memory_bytes;   /* reserved now: intermediate results, copies of inputs and outputs, scratch */
  const char *dtype;       /* what products multiply: "f32", "tf32", "f16", "bf16" */
  const char *description; /* which of the machine's devices it is: "NVIDIA A100-SXM4-80GB"; "" for the CPU */
} mv_session_info;
#define MV_SESSION_INFO_INIT {sizeof(mv_session_info), NULL, NULL, 0, 0, NULL, NULL}

MV_API mv_status *mv_session_get_info(const mv_session *session, mv_session_info *info);

/* The most memory that a run of `batch` images takes beyond the package: intermediate results, scratch,
   copies of inputs and outputs. 0 if there is no such entry point, or no machine could run it. */
MV_API uint64_t mv_session_run_bytes(const mv_session *session, uint32_t entry, int64_t batch);

/* Allocates what runs of up to `batch` images need, and prepares one of exactly `batch`, so that the first one is as fast
   as the others. */
MV_API mv_status *mv_session_reserve(mv_session *session, uint32_t entry, int64_t batch);

/* Runs the model on `batch` images and returns when all outputs are written.
     input    f32 [batch, channels, height, width], normalised, in C order.
     outputs  one pointer for each output of the entry point, in its order: f32 [batch, shape...] in C order;
              NULL: not wanted. They overlap neither each other nor the input.
     count    length of `outputs`, the entry point's output_count.
   No alignment is asked for; input and outputs aligned to 64 bytes may save a copy. An image's result depends
   neither on the batch it is in, nor on the number of threads, nor on the run.
   On a GPU, input and outputs may each be memory of the host or of this GPU (a CUdeviceptr, cast): the session asks
   the driver which it is. Memory of the host that is not pinned costs a copy. Work on the caller's memory that other
   streams have under way is the caller's to wait for. */
MV_API mv_status *mv_session_run(mv_session *session, uint32_t entry, int64_t batch, const float *input,
                                 float *const *outputs, size_t count);
/* The same for an entry point whose input_type is "u8": [batch, height, width, channels] bytes, red first, as a picture
   is decoded and brought to the size. Each of the two refuses an entry point that is for the other. */
MV_API mv_status *mv_session_run_pictures(mv_session *session, uint32_t entry, int64_t batch,
                                          const uint8_t *pictures, float *const *outputs, size_t count);

/*===----------------------------------------------------------------------===*\
|* Runs that the caller does not wait for
|*
|*     void *images, *logits;                                   // pinned
|*     status = mv_session_allocate_host(session, bytes, &images); ...
|*     for (;;) {
|*       ... write the next images ...
|*       float *outputs[] = {logits};
|*       uint64_t run;
|*       status = mv_session_enqueue(session, 0, batch, images, outputs, 1, NULL, &run);
|*       ... prepare what comes next, in other memory ...
|*       status = mv_session_wait(session, run);                // now logits are there
|*     }
|*
|* On a CPU an enqueued run is over on return, so that one program serves both.
|*
|* Order: runs of one session take effect one after another, in the order of the calls, whatever streams they are on:
|* the session puts waits for events into the streams. Of the session's own streams one uploads, one computes and one
|* downloads, so that a run's copies overlap with its neighbours' kernels. Runs of different sessions are not ordered.
\*===----------------------------------------------------------------------===*/

/* Begins a run and returns.
     input, outputs, count   as for mv_session_run, but each memory of this GPU or pinned memory of the host, else it is
              an error. They are the caller's, and the session's to use until the run is over: the input may then be
              written to, the outputs are there.
     stream   a CUstream of this GPU's primary context (a cudaStream_t is one), which the caller keeps until the run is
              over; all of the run is put on it: it begins after what the stream was given before, and what the stream is
              given after begins after it. It is not being captured. NULL: the session's own streams. (The default
              stream is CU_STREAM_LEGACY or CU_STREAM_PER_THREAD here.) On a CPU only NULL.
     run      if not NULL: the number of the run, for mv_session_wait.
   The first run of an entry point and a batch allocates memory, if there is too little, and captures a CUDA graph,
   unless mv_session_reserve has; both wait for the runs under way. Later ones neither allocate nor wait, as long as no
   more than eight batches take turns.
   An error that a run meets on the GPU is reported by a later call: at the latest by the wait for it. */
MV_API mv_status *mv_session_enqueue(mv_session *session, uint32_t entry, int64_t batch, const float *input,
                                     float *const *outputs, size_t count, void *stream, uint64_t *run);
/* The same for an entry point whose input_type is "u8". */
MV_API mv_status *mv_session_enqueue_pictures(mv_session *session, uint32_t entry, int64_t batch,
                                              const uint8_t *pictures, float *const *outputs, size_t count,
                                              void *stream, uint64_t *run);

/* Returns when run number `run` and those before it are over; 0: all. */
MV_API mv_status *mv_session_wait(mv_session *session, uint64_t run);

/* Host memory that a GPU copies from and to without a detour and while the caller goes on (pinned), aligned to 64
   bytes at least; on a CPU ordinary memory. Any session may be given it. It is freed before its session is. */
MV_API mv_status *mv_session_allocate_host(mv_session *session, size_t bytes, void **memory);
/* Only when no run uses the memory any more. */
MV_API void mv_session_free_host(mv_session *session, void *memory);

/*===----------------------------------------------------------------------===*\
|* Profile
\*===----------------------------------------------------------------------===*/

/* Switches the recording of dispatches on or off. */
MV_API mv_status *mv_session_set_profiling(mv_session *session, int enabled);

/* One dispatch of the latest run. */
typedef struct mv_profile_record {
  size_t size;
  const char *label; /* part of the model, "levels.2.blocks.3.mixer" */
  const char *kernel;
  const char *family;
  uint32_t dispatch; /* index within the entry point */
  uint32_t kernel_index;
  int64_t start_ns; /* since the run began */
  int64_t end_ns;
  uint64_t flops;      /* of the whole batch */
  uint64_t bytes;      /* read and written, of the whole batch, parameters once */
  uint64_t workgroups; /* of all phases or launches */
} mv_profile_record;
#define MV_PROFILE_RECORD_INIT {sizeof(mv_profile_record), NULL, NULL, NULL, 0, 0, 0, 0, 0, 0, 0}

/* Records of the latest run, in order of execution; 0 if it was not profiled: enqueued runs are not. */
MV_API size_t mv_session_profile_count(const mv_session *session);
MV_API mv_status *mv_session_get_profile(const mv_session *session, size_t index, mv_profile_record *record);

/*===----------------------------------------------------------------------===*\
|* Machine
\*===----------------------------------------------------------------------===*/

/* The most capable instruction set of this machine, "x86-64-v4"; "" if it is no x86-64. */
MV_API const char *mv_cpu_target(void);

#ifdef __cplusplus
}
#endif

#endif /* MV_MV_H */
