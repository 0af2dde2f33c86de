"""Writes a small checkpoint in one of the forms they come in.

    make-checkpoint.py FOLDER FORM

All values have at most six significant bits, so F32, F16 and BF16 hold the same numbers, and the same numbers must give
the same bits. FORM: f32, f16, bf16, sharded, prefix-model, prefix-module, no-head (num_classes 0), backbone (neither norm
nor head), or a mistake: missing, misshapen, not-finite, integer, extra, truncated, bad-header, index-misses-file.
"""
import json
import os
import random
import struct
import sys

CONFIG = {"model_type": "mambavision", "dim": 8, "in_dim": 8, "depths": [1, 1, 3, 2], "num_heads": [1, 1, 2, 4],
          "window_size": [8, 8, 4, 2], "mlp_ratio": 4, "num_classes": 5, "input_size": [3, 64, 64]}


def shapes():
    dim, depths = CONFIG["dim"], CONFIG["depths"]
    result = {}

    def batch_norm(name, channels):
        for part in ("weight", "bias", "running_mean", "running_var"):
            result[f"{name}.{part}"] = [channels]

    def affine(name, outputs, inputs):
        result.update({f"{name}.weight": [outputs, inputs], f"{name}.bias": [outputs]})

    result["patch_embed.conv_down.0.weight"] = [CONFIG["in_dim"], 3, 3, 3]
    batch_norm("patch_embed.conv_down.1", CONFIG["in_dim"])
    result["patch_embed.conv_down.3.weight"] = [dim, CONFIG["in_dim"], 3, 3]
    batch_norm("patch_embed.conv_down.4", dim)
    for level, depth in enumerate(depths):
        width = dim << level
        for index in range(depth):
            block = f"levels.{level}.blocks.{index}"
            if level < 2:
                for conv in "12":
                    result[f"{block}.conv{conv}.weight"] = [width, width, 3, 3]
                    result[f"{block}.conv{conv}.bias"] = [width]
                    batch_norm(f"{block}.norm{conv}", width)
                continue
            for norm in "12":
                result.update({f"{block}.norm{norm}.weight": [width], f"{block}.norm{norm}.bias": [width]})
            affine(f"{block}.mlp.fc1", 4 * width, width)
            affine(f"{block}.mlp.fc2", width, 4 * width)
            if index >= (depth + 1) // 2:
                affine(f"{block}.mixer.qkv", 3 * width, width)
                affine(f"{block}.mixer.proj", width, width)
                continue
            half, rank = width // 2, -(-width // 16)
            result.update({f"{block}.mixer.A_log": [half, 8], f"{block}.mixer.D": [half],
                           f"{block}.mixer.in_proj.weight": [width, width],
                           f"{block}.mixer.x_proj.weight": [rank + 16, half],
                           f"{block}.mixer.out_proj.weight": [width, width],
                           f"{block}.mixer.conv1d_x.weight": [half, 1, 3],
                           f"{block}.mixer.conv1d_z.weight": [half, 1, 3]})
            affine(f"{block}.mixer.dt_proj", half, rank)
        if level < 3:
            result[f"levels.{level}.downsample.reduction.0.weight"] = [2 * width, width, 3, 3]
    batch_norm("norm", 8 * dim)
    affine("head", CONFIG["num_classes"], 8 * dim)
    return result


def values(name, shape):
    stream = random.Random(name)
    count = 1
    for size in shape:
        count *= size
    centre, half = 0.0, 0.25
    if name.endswith("running_var") or (name.endswith("weight") and len(shape) == 1) or name.endswith(".D"):
        centre, half = 1.0, 0.5
    elif name.endswith("dt_proj.bias"):
        centre = -2.0
    return [centre + half * stream.randint(-15, 15) / 16 for _ in range(count)]


def encode(numbers, dtype):
    if dtype == "F16":
        return struct.pack(f"<{len(numbers)}e", *numbers)
    data = struct.pack(f"<{len(numbers)}f", *numbers)
    if dtype == "BF16":
        return b"".join(data[i + 2:i + 4] for i in range(0, len(data), 4))
    return data


def write(path, tensors, dtype):
    header, data = {}, b""
    for name, (shape, numbers) in tensors.items():
        kind = "I32" if numbers == "integer" else dtype
        size = 1
        for extent in shape:
            size *= extent
        encoded = bytes(4 * size) if kind == "I32" else encode(numbers, dtype)
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [len(data), len(data) + len(encoded)]}
        data += encoded
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def main():
    folder, form = sys.argv[1:]
    os.makedirs(folder, exist_ok=True)
    config, tensors = dict(CONFIG), {name: (shape, values(name, shape)) for name, shape in shapes().items()}
    if form in ("no-head", "backbone"):
        config["num_classes"] = 0
        gone = ("head.",) if form == "no-head" else ("head.", "norm.")
        tensors = {name: tensor for name, tensor in tensors.items() if not name.startswith(gone)}
    if form.startswith("prefix-"):
        tensors = {f"{form[7:]}.{name}": tensor for name, tensor in tensors.items()}
    if form == "missing":
        del tensors["levels.2.blocks.0.mixer.A_log"]
    if form == "misshapen":
        tensors["levels.2.blocks.0.mixer.A_log"] = ([16, 7], [0.0] * 112)
    if form == "not-finite":
        tensors["levels.2.blocks.0.mixer.D"][1][3] = float("nan")
    if form == "integer":
        tensors["levels.2.blocks.0.mixer.D"] = ([16], "integer")
    if form == "extra":
        tensors["levels.2.blocks.0.mixer.E"] = ([2], [0.0, 0.0])
    dtype = {"f16": "F16", "bf16": "BF16"}.get(form, "F32")
    with open(os.path.join(folder, "config.json"), "w") as file:
        json.dump(config, file, indent=1)
    path = os.path.join(folder, "model.safetensors")
    if form not in ("sharded", "index-misses-file"):
        write(path, tensors, dtype)
    else:
        names = sorted(tensors)
        places = {name: f"model-{1 + index % 2:05d}-of-00002.safetensors" for index, name in enumerate(names)}
        for shard in sorted(set(places.values())):
            if form == "sharded" or shard.startswith("model-00001"):
                write(os.path.join(folder, shard), {n: tensors[n] for n in names if places[n] == shard}, dtype)
        with open(path + ".index.json", "w") as file:
            json.dump({"metadata": {}, "weight_map": places}, file)
    if form == "truncated":
        os.truncate(path, os.path.getsize(path) - 1000)
    if form == "bad-header":
        with open(path, "r+b") as file:
            file.write(struct.pack("<Q", 1 << 60))


main()
