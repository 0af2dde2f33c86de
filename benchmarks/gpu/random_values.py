"""Weights and images by the compiler's rule for random ones (include/mv/Import/RandomWeights.h), with numpy: the same bits, so
that a peer computes the same model and can be checked against the same golden file."""

import json
import math
import struct

import numpy as np

WORD = (1 << 64) - 1
LOGARITHMS = np.log(np.arange(1, 9, dtype=np.float64))

# (end of the name, centre, half width or gain); the first that fits counts. Gains are for a variance of gain^2 / fan in.
RULES = [("running_mean", 0, 0.1), ("running_var", 1, 0.5), ("A_log", LOGARITHMS, 0.1), ("mixer.D", 1, 0.25),
         ("dt_proj.bias", -2.29, 1.15), ("gamma", 0.5, 0.3), ("gamma_1", 0.5, 0.3), ("gamma_2", 0.5, 0.3), ("bias", 0, 0.1)]
GAINS = [("dt_proj.weight", 0.5), ("x_proj.weight", 2), ("qkv.weight", 1.25), ("conv_down.0.weight", 1.4),
         ("conv_down.3.weight", 1.4), ("reduction.0.weight", 0.7), ("weight", 1)]


def unit(name, seed, count):
    """`count` numbers in [-1, 1): splitmix64, from a state made of the name."""
    start = 0xCBF29CE484222325
    for byte in name.encode():
        start = (start ^ byte) * 0x100000001B3 & WORD
    z = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(start ^ seed)
    z = (z ^ z >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ z >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return ((z ^ z >> np.uint64(31)) >> np.uint64(40)).astype(np.float64) * 2.0**-23 - 1


def range_of(name, shape):
    for end, centre, half in RULES:
        if name.endswith(end):
            return centre, half
    if len(shape) == 1:  # of a norm
        return 1, 0.25
    gain = next(gain for end, gain in GAINS if name.endswith(end))
    return 0, gain * math.sqrt(3 / math.prod(shape[1:]))


def weight(name, shape, seed):
    centre, half = range_of(name, shape)
    values = float(np.float32(half)) * unit(name, seed, math.prod(shape))
    return (np.resize(centre, values.size) + values).astype(np.float32).reshape(shape)


def images(batch, height, width, seed, channels=3):
    """Noise, a value for every cell of 16 x 16 pixels, and one for every channel."""
    def stream(name, rows, columns):
        return unit(name, seed, batch * channels * rows * columns).reshape(batch, channels, rows, columns)
    cells = stream("input.cells", -(-height // 16), -(-width // 16)).repeat(16, 2).repeat(16, 3)[:, :, :height, :width]
    return (0.25 * stream("input", height, width) + 0.5 * cells + 1.25 * stream("input.mean", 1, 1)).astype(np.float32)


def read_golden(path):
    """(config, case, tensors) of a golden file."""
    kinds = {"F32": "<f4", "I32": "<i4", "I64": "<i8"}
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header, data = json.loads(file.read(length)), file.read()
    about = header.pop("__metadata__")
    tensors = {name: np.frombuffer(data[slice(*entry["data_offsets"])], kinds[entry["dtype"]]).reshape(entry["shape"])
               for name, entry in header.items()}
    return json.loads(about["config"]), json.loads(about["case"]), tensors
