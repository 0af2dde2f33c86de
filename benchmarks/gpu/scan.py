"""The selective scan for PyTorch. PyTorch has none, and a loop over tokens is thousands of launches: on GPUs it is one kernel
in Triton, which comes with PyTorch, so that peers are not slowed down by what they lack. Elsewhere it is the loop.

    step[t] = softplus(raw[t] + bias)
    s[t]    = exp(step[t] A) s[t-1] + step[t] B[t] u[t]         A = -exp(A_log), 8 states a channel
    y[t]    = sum over states of C[t] s[t] + D u[t]
"""

import torch
from torch.nn import functional as F

try:
    import triton
    import triton.language as tl
except ImportError:  # PyTorch for CPUs comes without.
    triton = None

STATES = 8


def scan_by_loop(u, raw, bias, a_log, b, c, d):
    """u, raw: [sequences, length, channels]; b, c: [sequences, length, STATES]"""
    step = F.softplus(raw + bias)
    decay = torch.exp(step[..., None] * -torch.exp(a_log))
    increase = (step * u)[..., None] * b[:, :, None]
    state, rows = torch.zeros_like(increase[:, 0]), []
    for t in range(u.shape[1]):
        state = decay[:, t] * state + increase[:, t]
        rows.append((state * c[:, t, None]).sum(-1))
    return torch.stack(rows, 1) + d * u


if triton:
    @triton.jit
    def scan_kernel(u, raw, bias, a_log, b, c, d, y, length, channels, u_sequence, u_token, u_channel, raw_sequence,
                    raw_token, b_sequence, b_token, c_sequence, c_token, STATES: tl.constexpr, BLOCK: tl.constexpr):
        sequence = tl.program_id(0).to(tl.int64)
        channel = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
        inside = channel < channels
        state_index = tl.arange(0, STATES)
        offset = tl.load(bias + channel, inside, 0.0).to(tl.float32)
        skip = tl.load(d + channel, inside, 0.0).to(tl.float32)
        log = tl.load(a_log + channel[:, None] * STATES + state_index, inside[:, None], 0.0).to(tl.float32)
        a = -tl.exp(log) * 1.4426950408889634
        state = tl.zeros((BLOCK, STATES), tl.float32)
        for t in range(length):
            x = tl.load(u + sequence * u_sequence + t * u_token + channel * u_channel, inside, 0.0).to(tl.float32)
            step = tl.load(raw + sequence * raw_sequence + t * raw_token + channel, inside, 0.0).to(tl.float32) + offset
            step = tl.where(step > 20.0, step, tl.log(1.0 + tl.exp(step)))
            into = tl.load(b + sequence * b_sequence + t * b_token + state_index).to(tl.float32)
            out = tl.load(c + sequence * c_sequence + t * c_token + state_index).to(tl.float32)
            state = tl.exp2(step[:, None] * a) * state + (step * x)[:, None] * into[None, :]
            row = tl.sum(state * out[None, :], axis=1) + skip * x
            tl.store(y + (sequence * length + t) * channels + channel, row.to(y.dtype.element_ty), inside)


@torch.library.custom_op("mv_peer::selective_scan", mutates_args=())
def scan_by_kernel(u: torch.Tensor, raw: torch.Tensor, bias: torch.Tensor, a_log: torch.Tensor, b: torch.Tensor,
                   c: torch.Tensor, d: torch.Tensor) -> torch.Tensor:
    sequences, length, channels = u.shape
    y = torch.empty((sequences, length, channels), dtype=raw.dtype, device=u.device)
    block = 32
    scan_kernel[(sequences, triton.cdiv(channels, block))](
        u, raw, bias, a_log, b, c, d, y, length, channels, u.stride(0), u.stride(1), u.stride(2), raw.stride(0),
        raw.stride(1), b.stride(0), b.stride(1), c.stride(0), c.stride(1), STATES=STATES, BLOCK=block, num_warps=1)
    return y


@scan_by_kernel.register_fake
def _(u, raw, bias, a_log, b, c, d):
    return torch.empty(u.shape, dtype=raw.dtype, device=u.device)


def selective_scan(u, raw, bias, a_log, b, c, d):
    scan = scan_by_kernel if u.is_cuda and triton else scan_by_loop
    return scan(u, raw, bias, a_log, b, c, d)
