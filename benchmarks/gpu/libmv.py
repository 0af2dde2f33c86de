"""The part of libmv.so (include/mv/mv.h) that measuring needs: runs between tensors of the GPU, on PyTorch's stream."""

import ctypes

import torch


class SessionOptions(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("device", ctypes.c_char_p), ("threads", ctypes.c_uint),
                ("cpu_target", ctypes.c_char_p), ("profile", ctypes.c_int), ("poison", ctypes.c_int)]


class Model:
    """A package's first entry point, with logits as its first output, on the first GPU."""

    def __init__(self, library, package, classes):
        self.library = ctypes.CDLL(library)
        self.library.mv_status_message.restype = ctypes.c_char_p
        for name in ("mv_package_open", "mv_session_create", "mv_session_enqueue", "mv_session_reserve"):
            getattr(self.library, name).restype = ctypes.c_void_p
        self.package, self.session, self.classes = ctypes.c_void_p(), ctypes.c_void_p(), classes
        self.call("mv_package_open", package.encode(), None, ctypes.byref(self.package))
        options = SessionOptions(ctypes.sizeof(SessionOptions), b"cuda", 0, None, 0, 0)
        self.call("mv_session_create", self.package, ctypes.byref(options), ctypes.byref(self.session))

    def call(self, function, *arguments):
        status = getattr(self.library, function)(*arguments)
        if status:
            raise RuntimeError(f"{function}: {self.library.mv_status_message(ctypes.c_void_p(status)).decode()}")

    def reserve(self, batch):
        self.call("mv_session_reserve", self.session, ctypes.c_uint32(0), ctypes.c_int64(batch))

    def __call__(self, images):
        """Contiguous f32 images on the GPU to logits; PyTorch's current stream, which is not the default one, has the work."""
        logits = torch.empty((images.shape[0], self.classes), device=images.device)
        outputs = (ctypes.c_void_p * 1)(logits.data_ptr())
        stream = torch.cuda.current_stream().cuda_stream
        self.call("mv_session_enqueue", self.session, ctypes.c_uint32(0), ctypes.c_int64(images.shape[0]),
                  ctypes.c_void_p(images.data_ptr()), outputs, ctypes.c_size_t(1), ctypes.c_void_p(stream), None)
        return logits
