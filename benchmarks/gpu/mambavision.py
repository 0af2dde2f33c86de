"""MambaVision as PyTorch runs it: the peer of the compiled model. Parameter names are those of a checkpoint.

Written for inference speed within plain PyTorch: attention is scaled_dot_product_attention, the scan one kernel (scan.py).
"""

import math

import torch
from torch import nn
from torch.nn import functional as F

from scan import STATES, selective_scan


def convolution(inputs, outputs, stride, bias):
    return nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=bias)


class PatchEmbed(nn.Module):
    def __init__(self, config):
        super().__init__()
        inner, outer = config["in_dim"], config["dim"]
        self.conv_down = nn.Sequential(
            convolution(config.get("in_chans", 3), inner, 2, False), nn.BatchNorm2d(inner, eps=1e-4), nn.ReLU(),
            convolution(inner, outer, 2, False), nn.BatchNorm2d(outer, eps=1e-4), nn.ReLU())

    def forward(self, x):
        return self.conv_down(x)


class ConvBlock(nn.Module):
    def __init__(self, dim, scaled):
        super().__init__()
        self.conv1, self.norm1 = convolution(dim, dim, 1, True), nn.BatchNorm2d(dim)
        self.conv2, self.norm2 = convolution(dim, dim, 1, True), nn.BatchNorm2d(dim)
        self.gamma = nn.Parameter(torch.ones(dim)) if scaled else None

    def forward(self, x):
        y = F.gelu(self.norm1(self.conv1(x)), approximate="tanh")
        y = self.norm2(self.conv2(y))
        return x + (y if self.gamma is None else self.gamma[:, None, None] * y)


class Mixer(nn.Module):
    """One half of the channels goes through the scan, the other past it; both are joined, neither is a gate."""

    def __init__(self, dim):
        super().__init__()
        half = dim // 2
        self.rank = -(-dim // 16)
        self.in_proj = nn.Linear(dim, dim, bias=False)
        self.conv1d_x = nn.Conv1d(half, half, 3, padding=1, groups=half, bias=False)
        self.conv1d_z = nn.Conv1d(half, half, 3, padding=1, groups=half, bias=False)
        self.x_proj = nn.Linear(half, self.rank + 2 * STATES, bias=False)
        self.dt_proj = nn.Linear(self.rank, half)
        self.A_log = nn.Parameter(torch.zeros(half, STATES))
        self.D = nn.Parameter(torch.ones(half))
        self.out_proj = nn.Linear(dim, dim, bias=False)

    def forward(self, x):
        x, z = self.in_proj(x).transpose(1, 2).chunk(2, dim=1)
        x = F.silu(self.conv1d_x(x)).transpose(1, 2)
        z = F.silu(self.conv1d_z(z)).transpose(1, 2)
        step, b, c = self.x_proj(x).split((self.rank, STATES, STATES), dim=-1)
        # The published model adds this bias twice: in the layer and in the scan.
        y = selective_scan(x, self.dt_proj(step), self.dt_proj.bias, self.A_log, b, c, self.D)
        return self.out_proj(torch.cat((y, z), dim=-1))


class Attention(nn.Module):
    def __init__(self, dim, heads, bias, normalised):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(dim, 3 * dim, bias=bias)
        self.q_norm = nn.LayerNorm(dim // heads) if normalised else nn.Identity()
        self.k_norm = nn.LayerNorm(dim // heads) if normalised else nn.Identity()
        self.proj = nn.Linear(dim, dim)

    def forward(self, x):
        q, k, v = self.qkv(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(self.q_norm(q), self.k_norm(k), v)
        return self.proj(y.transpose(1, 2).flatten(2))


class WindowBlock(nn.Module):
    def __init__(self, dim, mixer, ratio, scaled):
        super().__init__()
        self.norm1, self.mixer = nn.LayerNorm(dim), mixer
        self.norm2 = nn.LayerNorm(dim)
        self.mlp = nn.ModuleDict({"fc1": nn.Linear(dim, int(dim * ratio)), "fc2": nn.Linear(int(dim * ratio), dim)})
        self.gamma_1 = nn.Parameter(torch.ones(dim)) if scaled else 1
        self.gamma_2 = nn.Parameter(torch.ones(dim)) if scaled else 1

    def forward(self, x):
        x = x + self.gamma_1 * self.mixer(self.norm1(x))
        return x + self.gamma_2 * self.mlp.fc2(F.gelu(self.mlp.fc1(self.norm2(x))))


class Level(nn.Module):
    def __init__(self, config, index):
        super().__init__()
        dim, depth = config["dim"] << index, config["depths"][index]
        self.window = config["window_size"][index] if index > 1 else 0
        self.blocks = nn.ModuleList(self.block(config, index, dim, position < math.ceil(depth / 2))
                                    for position in range(depth))
        self.downsample = nn.ModuleDict({"reduction": nn.Sequential(convolution(dim, 2 * dim, 2, False))}) \
            if index < 3 else None

    @staticmethod
    def block(config, index, dim, scans):
        if index < 2:
            return ConvBlock(dim, config.get("layer_scale_conv") is not None)
        mixer = Mixer(dim) if scans else Attention(dim, config["num_heads"][index], config.get("qkv_bias", True),
                                                   config.get("qk_norm") or config.get("qk_scale"))
        return WindowBlock(dim, mixer, config.get("mlp_ratio", 4), config.get("layer_scale") is not None)

    def run_windows(self, x):
        """Blocks on windows of tokens. Padding is below and to the right, and takes part like any token."""
        size, (batch, channels, height, width) = self.window, x.shape
        rows, columns = -(-height // size), -(-width // size)
        if (rows * size, columns * size) != (height, width):
            x = F.pad(x, (0, columns * size - width, 0, rows * size - height))
        x = x.permute(0, 2, 3, 1).reshape(batch, rows, size, columns, size, channels)
        x = x.transpose(2, 3).reshape(-1, size * size, channels)
        for block in self.blocks:
            x = block(x)
        x = x.reshape(batch, rows, columns, size, size, channels).transpose(2, 3)
        x = x.reshape(batch, rows * size, columns * size, channels)[:, :height, :width]
        return x.permute(0, 3, 1, 2)  # channels_last, as convolutions like it

    def forward(self, x):
        if self.window:
            x = self.run_windows(x)
        else:
            for block in self.blocks:
                x = block(x)
        return self.downsample.reduction(x) if self.downsample is not None else x


class MambaVision(nn.Module):
    """Images [batch, 3, height, width] to logits."""

    def __init__(self, config):
        super().__init__()
        outer = 8 * config["dim"]
        self.patch_embed = PatchEmbed(config)
        self.levels = nn.ModuleList(Level(config, index) for index in range(4))
        self.norm = nn.BatchNorm2d(outer)
        classes = config.get("num_classes", 1000)
        self.head = nn.Linear(outer, classes) if classes > 0 else nn.Identity()

    def forward(self, x):
        x = self.patch_embed(x)
        for level in self.levels:
            x = level(x)
        return self.head(self.norm(x).mean(dim=(2, 3)))
