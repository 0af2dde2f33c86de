"""Triton kernels, compiled for sm_80 without a device and run through the driver interface: code we did not write makes
the PTX. The compiled text is never stored.

    triton_kernels.py add|matmul|softmax|layer_norm|flash_attention
"""

import sys

import driver
import numpy
import triton
import triton.language as tl
from triton.backends.compiler import GPUTarget


@triton.jit
def add_kernel(a, b, c, n, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = at < n
    tl.store(c + at, tl.load(a + at, mask=inside) + tl.load(b + at, mask=inside), mask=inside)


@triton.jit
def matmul_kernel(a, b, c, M, N, K, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr):
    row = tl.program_id(0) * BM + tl.arange(0, BM)
    column = tl.program_id(1) * BN + tl.arange(0, BN)
    inner = tl.arange(0, BK)
    accumulator = tl.zeros((BM, BN), dtype=tl.float32)
    for k in range(0, K, BK):
        x = tl.load(a + row[:, None] * K + (k + inner)[None, :],
                    mask=(row[:, None] < M) & ((k + inner)[None, :] < K), other=0.0)
        y = tl.load(b + (k + inner)[:, None] * N + column[None, :],
                    mask=((k + inner)[:, None] < K) & (column[None, :] < N), other=0.0)
        accumulator = tl.dot(x, y, accumulator)
    tl.store(c + row[:, None] * N + column[None, :], accumulator,
             mask=(row[:, None] < M) & (column[None, :] < N))


@triton.jit
def softmax_kernel(x, y, columns, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    at = tl.arange(0, BLOCK)
    value = tl.load(x + row * columns + at, mask=at < columns, other=-float("inf"))
    value = tl.exp(value - tl.max(value, axis=0))
    tl.store(y + row * columns + at, value / tl.sum(value, axis=0), mask=at < columns)


@triton.jit
def layer_norm_kernel(x, weight, bias, y, columns, epsilon, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    at = tl.arange(0, BLOCK)
    inside = at < columns
    value = tl.load(x + row * columns + at, mask=inside, other=0.0)
    mean = tl.sum(value, axis=0) / columns
    centred = tl.where(inside, value - mean, 0.0)
    variance = tl.sum(centred * centred, axis=0) / columns
    scale = 1.0 / tl.sqrt(variance + epsilon)
    result = centred * scale * tl.load(weight + at, mask=inside) + tl.load(bias + at, mask=inside)
    tl.store(y + row * columns + at, result, mask=inside)


@triton.jit
def attention_kernel(q, k, v, o, length, scale, BM: tl.constexpr, BN: tl.constexpr, D: tl.constexpr):
    head = tl.program_id(1) * length * D
    row = tl.program_id(0) * BM + tl.arange(0, BM)
    feature = tl.arange(0, D)
    query = tl.load(q + head + row[:, None] * D + feature[None, :], mask=row[:, None] < length, other=0.0)
    most = tl.full((BM,), -float("inf"), dtype=tl.float32)
    total = tl.zeros((BM,), dtype=tl.float32)
    result = tl.zeros((BM, D), dtype=tl.float32)
    for start in range(0, length, BN):
        column = start + tl.arange(0, BN)
        key = tl.load(k + head + column[None, :] * D + feature[:, None], mask=column[None, :] < length, other=0.0)
        score = tl.where(column[None, :] < length, tl.dot(query, key) * scale, -float("inf"))
        larger = tl.maximum(most, tl.max(score, axis=1))
        weight = tl.exp(score - larger[:, None])
        shrink = tl.exp(most - larger)
        total = total * shrink + tl.sum(weight, axis=1)
        value = tl.load(v + head + column[:, None] * D + feature[None, :], mask=column[:, None] < length, other=0.0)
        result = result * shrink[:, None] + tl.dot(weight.to(tl.float16), value)
        most = larger
    tl.store(o + head + row[:, None] * D + feature[None, :], (result / total[:, None]).to(tl.float16),
             mask=row[:, None] < length)


def run(kernel, grid, arguments, types, constants, warps=4, stages=3):
    """Compiles a kernel for sm_80 and launches it. `types` are Triton's, in the order of the arguments."""
    names = kernel.arg_names
    signature = dict(zip(names, types)) | {name: "constexpr" for name in constants}
    source = triton.compiler.ASTSource(fn=kernel, signature=signature, constexprs=constants)
    compiled = triton.compile(source, target=GPUTarget("cuda", 80, 32), options={"num_warps": warps, "num_stages": stages})
    driver.launch(compiled.asm["ptx"], compiled.metadata.name, grid, 32 * warps, compiled.metadata.shared, arguments)


def expect(name, found, expected, tolerance):
    error = numpy.abs(found.astype(numpy.float64) - expected).max() / numpy.abs(expected).max()
    print(f"{name}: max error {error:.2e}")
    if not error <= tolerance:
        raise SystemExit(f"{name}: expected at most {tolerance:.2e}")


def buffers(*arrays):
    return [driver.Buffer(array) for array in arrays]


def add(random):
    a, b = random.standard_normal((2, 1000)).astype(numpy.float32)
    device = buffers(a, b, numpy.zeros_like(a))
    run(add_kernel, (4, 1, 1), [*device, 1000], ["*fp32"] * 3 + ["i32"], {"BLOCK": 256})
    expect("add", device[2].read(), (a + b).astype(numpy.float64), 0)
    return device


def matmul(random):
    m, n, k = 80, 96, 112
    results = []
    # Whole numbers: exact, whatever the order. f16 goes through mma.m16n8k16, f32 through tf32.
    for dtype, name in ((numpy.float16, "*fp16"), (numpy.float32, "*fp32")):
        a, b = (random.integers(-2, 3, shape).astype(dtype) for shape in ((m, k), (k, n)))
        device = buffers(a, b, numpy.zeros((m, n), numpy.float32))
        run(matmul_kernel, (2, 3, 1), [*device, m, n, k], [name, name, "*fp32", "i32", "i32", "i32"],
            {"BM": 64, "BN": 32, "BK": 32})
        expect(f"matmul {name}", device[2].read(), a.astype(numpy.float64) @ b.astype(numpy.float64), 0)
        results += device
    return results


def softmax(random):
    x = random.standard_normal((5, 300)).astype(numpy.float32)
    device = buffers(x, numpy.zeros_like(x))
    run(softmax_kernel, (5, 1, 1), [*device, 300], ["*fp32", "*fp32", "i32"], {"BLOCK": 512})
    exponential = numpy.exp(x.astype(numpy.float64))
    expect("softmax", device[1].read(), exponential / exponential.sum(1, keepdims=True), 2e-6)
    return device


def layer_norm(random):
    x = random.standard_normal((6, 200)).astype(numpy.float32)
    weight, bias = random.standard_normal((2, 200)).astype(numpy.float32)
    device = buffers(x, weight, bias, numpy.zeros_like(x))
    run(layer_norm_kernel, (6, 1, 1), [*device, 200, 1e-5], ["*fp32"] * 4 + ["i32", "fp32"], {"BLOCK": 256}, warps=2)
    wide = x.astype(numpy.float64)
    normal = (wide - wide.mean(1, keepdims=True)) / numpy.sqrt(wide.var(1, keepdims=True) + 1e-5)
    expect("layer_norm", device[3].read(), normal * weight + bias, 2e-6)
    return device


def flash_attention(random):
    heads, length, size = 2, 100, 64
    q, k, v = random.standard_normal((3, heads, length, size)).astype(numpy.float16)
    device = buffers(q, k, v, numpy.zeros_like(q))
    run(attention_kernel, (2, heads, 1), [*device, length, size**-0.5], ["*fp16"] * 4 + ["i32", "fp32"],
        {"BM": 64, "BN": 32, "D": size})
    score = q.astype(numpy.float64) @ k.astype(numpy.float64).transpose(0, 2, 1) * size**-0.5
    weight = numpy.exp(score - score.max(2, keepdims=True))
    expect("flash_attention", device[3].read(), weight / weight.sum(2, keepdims=True) @ v.astype(numpy.float64), 4e-3)
    return device


if __name__ == "__main__":
    driver.start()
    for buffer in {f.__name__: f for f in (add, matmul, softmax, layer_norm, flash_attention)}[sys.argv[1]](
            numpy.random.default_rng(1)):
        buffer.free()
