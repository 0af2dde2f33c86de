"""The driver interface from Python: what triton_kernels.py needs of it to launch compiled kernels."""

import ctypes
import numpy

cuda = ctypes.CDLL("libcuda.so.1")


def call(name, *arguments):
    code = getattr(cuda, name)(*arguments)
    if code != 0:
        text = ctypes.c_char_p()
        cuda.cuGetErrorName(code, ctypes.byref(text))
        raise SystemExit(f"{name}: {text.value.decode() if text.value else code}")


def start():
    context = ctypes.c_void_p()
    call("cuInit", 0)
    call("cuDevicePrimaryCtxRetain", ctypes.byref(context), 0)
    call("cuCtxSetCurrent", context)


class Buffer:
    """Device memory with the contents, the shape and the type of an array."""

    def __init__(self, array):
        self.array = numpy.ascontiguousarray(array)
        self.address = ctypes.c_uint64()
        call("cuMemAlloc_v2", ctypes.byref(self.address), ctypes.c_size_t(self.array.nbytes))
        call("cuMemcpyHtoD_v2", self.address, self.array.ctypes.data_as(ctypes.c_void_p), ctypes.c_size_t(self.array.nbytes))

    def read(self):
        out = numpy.empty_like(self.array)
        call("cuMemcpyDtoH_v2", out.ctypes.data_as(ctypes.c_void_p), self.address, ctypes.c_size_t(out.nbytes))
        return out

    def free(self):
        call("cuMemFree_v2", self.address)


def launch(ptx, name, grid, threads, shared, arguments):
    """Loads PTX text and runs one kernel of it; parameters beyond `arguments` are null."""
    module, function = ctypes.c_void_p(), ctypes.c_void_p()
    call("cuModuleLoadData", ctypes.byref(module), ptx.encode())
    call("cuModuleGetFunction", ctypes.byref(function), module, name.encode())
    if shared > 48 * 1024:
        call("cuFuncSetAttribute", function, 8, shared)
    values, offset, size = [], ctypes.c_size_t(), ctypes.c_size_t()
    while cuda.cuFuncGetParamInfo(function, ctypes.c_size_t(len(values)), ctypes.byref(offset), ctypes.byref(size)) == 0:
        given = arguments[len(values)] if len(values) < len(arguments) else 0
        if isinstance(given, Buffer):
            values.append(given.address)
        elif isinstance(given, float):
            values.append(ctypes.c_float(given))
        else:
            values.append((ctypes.c_uint64 if size.value == 8 else ctypes.c_uint32)(given))
    pointers = (ctypes.c_void_p * max(len(values), 1))(*[ctypes.cast(ctypes.byref(value), ctypes.c_void_p) for value in values])
    call("cuLaunchKernel", function, *[ctypes.c_uint(n) for n in (*grid, threads, 1, 1, shared)], None, pointers, None)
    call("cuCtxSynchronize")
    call("cuModuleUnload", module)
