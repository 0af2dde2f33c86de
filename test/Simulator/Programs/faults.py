"""What a program meets on a machine that is too small, too old or broken: one case a run, named by the argument. The codes
that are expected are those of cuda.h."""

import ctypes
import sys

OUT_OF_MEMORY, NO_DEVICE, ECC_UNCORRECTABLE, UNSUPPORTED_PTX_VERSION, LAUNCH_FAILED = 2, 100, 214, 222, 719
MIB = 1 << 20

cuda = ctypes.CDLL("libcuda.so.1")


def expect(code, name, *arguments):
    found = getattr(cuda, name)(*arguments)
    if found != code:
        raise SystemExit(f"{name}: expected {code}, found {found}")


def expect_value(what, expected, found):
    if found != expected:
        raise SystemExit(f"{what}: expected {expected}, found {found}")


def start():
    context = ctypes.c_void_p()
    expect(0, "cuInit", 0)
    expect(0, "cuDevicePrimaryCtxRetain", ctypes.byref(context), 0)
    expect(0, "cuCtxSetCurrent", context)


def module(version):
    return (f".version {version}\n.target sm_80\n.address_size 64\n.visible .entry one(.param .u64 p)\n{{\n"
            ".reg .u64 %a; .reg .u32 %r; ld.param.u64 %a, [p]; ld.global.u32 %r, [%a]; add.u32 %r, %r, 1;\n"
            "st.global.u32 [%a], %r; ret;\n}\n").encode()


def allocate(code, bytes, name="cuMemAlloc_v2", *more):
    address = ctypes.c_uint64()
    expect(code, name, ctypes.byref(address), ctypes.c_size_t(bytes), *more)
    return address


def memory():
    """64 MiB, of which every way of asking and of allocating knows."""
    free, total = ctypes.c_size_t(), ctypes.c_size_t()
    expect(0, "cuInit", 0)
    expect(0, "cuDeviceTotalMem_v2", ctypes.byref(total), 0)
    expect_value("cuDeviceTotalMem", 64 * MIB, total.value)
    start()
    first = allocate(0, 48 * MIB)
    expect(0, "cuMemGetInfo_v2", ctypes.byref(free), ctypes.byref(total))
    expect_value("cuMemGetInfo", (16 * MIB, 64 * MIB), (free.value, total.value))
    allocate(OUT_OF_MEMORY, 17 * MIB)
    allocate(OUT_OF_MEMORY, 17 * MIB, "cuMemAllocAsync", None)
    pool, pitch, address = ctypes.c_void_p(), ctypes.c_size_t(), ctypes.c_uint64()
    expect(0, "cuDeviceGetDefaultMemPool", ctypes.byref(pool), 0)
    allocate(OUT_OF_MEMORY, 17 * MIB, "cuMemAllocFromPoolAsync", pool, None)
    expect(OUT_OF_MEMORY, "cuMemAllocPitch_v2", ctypes.byref(address), ctypes.byref(pitch), ctypes.c_size_t(MIB),
           ctypes.c_size_t(17), 4)
    # No error that stays: what fits is there, and all of it once it is free.
    expect(0, "cuMemFree_v2", allocate(0, 16 * MIB, "cuMemAllocAsync", None))
    expect(0, "cuMemFree_v2", first)
    expect(0, "cuMemFree_v2", allocate(0, 64 * MIB))


def driver():
    """CUDA 11.4, whose PTX is 7.4."""
    version, loaded, function, status = ctypes.c_int(), ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_int()
    expect(0, "cuDriverGetVersion", ctypes.byref(version))  # Before cuInit: one of the few that may be.
    expect_value("cuDriverGetVersion", 11040, version.value)
    start()
    expect(0, "cuModuleLoadData", ctypes.byref(loaded), module("7.4"))
    expect(UNSUPPORTED_PTX_VERSION, "cuModuleLoadData", ctypes.byref(loaded), module("7.5"))
    for name, found in (b"cuMemAllocAsync", True), (b"cuLibraryLoadData", False):  # Of 11.2 and of 12.0.
        expect(0, "cuGetProcAddress_v2", name, ctypes.byref(function), 13000, ctypes.c_uint64(0), ctypes.byref(status))
        expect_value(name, found, bool(function.value))


def lost(code, wait):
    """The second of three launches fails. All three are taken; `wait` is told, and so is every call after it."""
    start()
    loaded, function, stream, event = (ctypes.c_void_p() for _ in range(4))
    expect(0, "cuModuleLoadData", ctypes.byref(loaded), module("7.0"))
    expect(0, "cuModuleGetFunction", ctypes.byref(function), loaded, b"one")
    expect(0, "cuStreamCreate", ctypes.byref(stream), 0)
    expect(0, "cuEventCreate", ctypes.byref(event), 0)
    address, found = allocate(0, 4), ctypes.c_uint32(7)
    expect(0, "cuMemsetD32_v2", address, 0, ctypes.c_size_t(1))
    arguments = (ctypes.c_void_p * 1)(ctypes.cast(ctypes.byref(address), ctypes.c_void_p))

    def launch(expected):
        expect(expected, "cuLaunchKernel", function, 1, 1, 1, 1, 1, 1, 0, stream, arguments, None)

    launch(0)
    expect(0, "cuStreamSynchronize", stream)
    launch(0)
    launch(0)
    expect(0, "cuMemcpyDtoHAsync_v2", ctypes.byref(found), address, ctypes.c_size_t(4), stream)
    expect(0, "cuEventRecord", event, stream)
    copy = ("cuMemcpyDtoH_v2", ctypes.byref(found), address, ctypes.c_size_t(4))
    waits = {"stream": ("cuStreamSynchronize", stream), "event": ("cuEventSynchronize", event), "context": ("cuCtxSynchronize",),
             "query": ("cuStreamQuery", stream), "copy": copy}
    expect(code, *waits[wait])
    for call in waits.values():
        expect(code, *call)
    launch(code)
    allocate(code, 4)
    expect(code, "cuMemFree_v2", address)
    expect_value("the copy after the loss", 7, found.value)


def no_device():
    expect(NO_DEVICE, "cuInit", 0)


CASES = {"memory": memory, "driver": driver, "no_device": no_device}
for kind, code in ("launch", LAUNCH_FAILED), ("ecc", ECC_UNCORRECTABLE):
    for wait in "stream", "event", "context", "query", "copy":
        CASES[f"{kind}-{wait}"] = lambda code=code, wait=wait: lost(code, wait)
CASES[sys.argv[1]]()
