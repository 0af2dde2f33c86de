# The GoogleTest programs, one lit test for each of their cases' shards.

import os

import lit.formats

config.name = "mv-unit"
config.suffixes = []
config.test_source_root = config.test_exec_root = os.path.join(config.mv_obj_root, "unit")
config.test_format = lit.formats.GoogleTest(".", "Tests")
for variable in ("HOME", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"):
    if variable in os.environ:
        config.environment[variable] = os.environ[variable]
