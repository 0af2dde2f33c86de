# How lit runs the tests: .mlir and .test files through FileCheck, GoogleTest programs under <build>/unit.

import os
import re
import shutil
import subprocess

import lit.formats
import lit.llvm.config  # noqa: F401  (fails early where lit's LLVM helpers are missing)
from lit.llvm import llvm_config

config.name = "mv"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs", "Unit", "Fuzz", "Tools", "Programs"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.mv_obj_root, "test")

for folder in (config.llvm_tools_dir, config.mv_tools_dir):
    llvm_config.with_environment("PATH", folder, append_path=True)
llvm_config.use_default_substitutions()
# Tests say what they need; they do not inherit what the shell has.
for variable in [name for name in os.environ if name.startswith("MV_CPU_") or name.startswith("MV_SIM_")]:
    config.environment.pop(variable, None)
for variable in ("HOME", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"):
    if variable in os.environ:
        config.environment[variable] = os.environ[variable]

config.substitutions.append(("%build", config.mv_obj_root))
config.substitutions.append(("%scripts", os.path.join(config.mv_src_root, "scripts")))
config.substitutions.append(("%goldens", os.path.join(config.test_source_root, "Integration", "goldens")))
config.substitutions.append(("%models", os.path.join(config.mv_src_root, "models")))

if config.mv_build_compiler:
    config.available_features.add("compiler")
else:
    config.excludes += ["Reference", "Import", "Fusion", "Plan", "Kernels", "Device", "Integration", "IR"]
# The GPU tools of a CUDA toolkit, or of scripts/install-cuda-tools.sh.
for folder in (os.path.join(config.mv_src_root, "build", "cuda-tools", "tools"), "/usr/local/cuda/bin"):
    if os.path.exists(os.path.join(folder, "ptxas")):
        llvm_config.with_environment("PATH", folder, append_path=True)
for tool in ("ptxas", "cuobjdump"):
    if found := shutil.which(tool, path=config.environment["PATH"]):
        config.available_features.add(tool)
        version = re.search(r"release (\d+\.\d+)", subprocess.run([found, "--version"], capture_output=True, text=True).stdout)
        if version:
            config.available_features.add(f"{tool}-{version[1]}")
with open("/proc/cpuinfo") as cpuinfo:
    flags = cpuinfo.read()
if " avx2 " in flags and " fma " in flags:
    config.available_features.add("avx2")
if " avx512bw " in flags and " avx512vl " in flags:
    config.available_features.add("avx512")
