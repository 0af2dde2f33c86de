"""damage-golden.py GOLDEN: makes the first logit four times what it is."""
import json
import struct
import sys

with open(sys.argv[1], "r+b") as file:
    (length,) = struct.unpack("<Q", file.read(8))
    begin = 8 + length + json.loads(file.read(length))["logits"]["data_offsets"][0]
    file.seek(begin)
    (value,) = struct.unpack("<f", file.read(4))
    file.seek(begin)
    file.write(struct.pack("<f", 4 * value))
