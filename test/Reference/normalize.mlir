// RUN: python3 %S/Inputs/normalize.py %t.safetensors
// RUN: mv-opt %s --mv-interpret=file=%t.safetensors
// RUN: mv-opt %s --mv-interpret="file=%t.safetensors f64 tolerance=1e-7"

// A picture's bytes, 0 and 255 among them. Expected values are from a float64 computation, stored as float32.
func.func @normalize() {
  %0 = check.tensor "x" batch 2 : tensor<?x4x5x3xui8>
  %1 = mv.normalize %0 mean [0.485, 0.456, 0.406] std [0.229, 0.224, 0.225] : tensor<?x4x5x3xui8> -> tensor<?x4x5x3xf32>
  %2 = check.tensor "y" batch 2 : tensor<?x4x5x3xf32>
  check.expect_close %1, %2 : tensor<?x4x5x3xf32>
  return
}
