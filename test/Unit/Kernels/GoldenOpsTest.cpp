//===- GoldenOpsTest.cpp - CPU kernels against the golden files of single ops ---===//
//
// test/Integration/goldens/ops holds inputs and outputs of single ops and blocks, computed in float64. Blocks
// run as the chain of kernels that the compiler would make of them, on every instruction set this machine
// has.
//
//===----------------------------------------------------------------------===//

#include "KernelRunner.h"
#include "mv/Support/Safetensors.h"

#include <cmath>
#include <gtest/gtest.h>

using namespace mv;
using namespace mv::test;

namespace {

/// The tensors of one file.
class Golden {
public:
  explicit Golden(const std::string &name)
      : file(SafetensorsFile::open(std::string(MV_GOLDENS) + "/ops/" + name + ".safetensors")) {}
  bool ok() const { return file.ok(); }
  std::vector<int64_t> shape(const std::string &name) const { return file->find(name)->shape; }
  Floats floats(const std::string &name) const {
    const TensorView *tensor = file->find(name);
    Floats values(tensor->elementCount());
    tensor->readFloats(0, values);
    return values;
  }
  bool has(const std::string &name) const { return file->find(name) != nullptr; }
  std::vector<double> doubles(const std::string &name) const {
    Floats values = floats(name);
    return {values.begin(), values.end()};
  }

private:
  StatusOr<SafetensorsFile> file;
};

std::string tensor(std::initializer_list<int64_t> shape) {
  std::string text = "tensor<";
  for (int64_t size : shape)
    text += (size < 0 ? "?" : std::to_string(size)) + "x";
  return text + "f32>";
}
/// One window of `tokens` an image.
std::string tokensType(int64_t tokens, int64_t channels) { return tensor({-1, 1, tokens, channels}); }

struct Operand {
  const char *name;
  std::string type;
};

/// A kernel of the ops `body`, which name the operands and yield %result.
std::string kernel(const std::string &family, std::initializer_list<Operand> operands,
                   const std::string &result, const std::string &body) {
  std::string types, arguments;
  for (const Operand &operand : operands) {
    types += (types.empty() ? "" : ", ") + operand.type;
    arguments += (arguments.empty() ? "" : ", ") + std::string(operand.name) + ": " + operand.type;
  }
  return "plan.kernel @k (" + types + ") -> " + result + " family \"" + family + "\" {\n^bb0(" + arguments +
         "):\n" + body + "\nplan.yield %result : " + result + "\n}\n";
}

class GoldenOps : public testing::TestWithParam<std::string> {
protected:
  /// Calls `check` for every instruction set this machine has.
  void forEachTarget(llvm::function_ref<void()> check) {
    for (const cpu::Target &each : cpu::getTargets()) {
      if (!canRun(each.name))
        continue;
      SCOPED_TRACE(each.name.str());
      target = &each;
      check();
    }
  }
  Floats run(const std::string &text, int64_t batch, const std::vector<Floats> &inputs) {
    auto runner = KernelRunner::create(text, *target);
    if (!runner) {
      ADD_FAILURE() << llvm::toString(runner.takeError());
      return {};
    }
    auto result = runner->run(batch, inputs);
    if (!result) {
      ADD_FAILURE() << llvm::toString(result.takeError());
      return {};
    }
    return *result;
  }
  Floats linear(const Floats &input, int64_t batch, int64_t tokens, int64_t in, int64_t out,
                const Floats &weight, const Floats *bias = nullptr) {
    std::string x = tokensType(tokens, in), w = tensor({out, in}), y = tokensType(tokens, out),
                v = tensor({out});
    if (!bias)
      return run(kernel("linear", {{"%x", x}, {"%w", w}}, y,
                        "%result = mv.linear %x, %w : (" + x + ", " + w + ") -> " + y),
                 batch, {input, weight});
    return run(kernel("linear", {{"%x", x}, {"%w", w}, {"%b", v}}, y,
                      "%result = mv.linear %x, %w bias %b : (" + x + ", " + w + ", " + v + ") -> " + y),
               batch, {input, weight, *bias});
  }

  const cpu::Target *target = nullptr;
};

std::string testName(const testing::TestParamInfo<std::string> &info) { return info.param; }

//===----------------------------------------------------------------------===//
// Scan, norm, activations
//===----------------------------------------------------------------------===//

using GoldenScan = GoldenOps;

TEST_P(GoldenScan, Agrees) {
  Golden golden(GetParam());
  ASSERT_TRUE(golden.ok());
  std::vector<int64_t> shape = golden.shape("u");
  std::string x = tokensType(shape[1], shape[2]), n = tokensType(shape[1], 8), a = tensor({shape[2], 8}),
              d = tensor({shape[2]});
  std::string text =
      kernel("selective_scan", {{"%x", x}, {"%s", x}, {"%a", a}, {"%b", n}, {"%c", n}, {"%d", d}}, x,
             "%result = mv.selective_scan %x, %s, %a, %b, %c, %d : (" + x + ", " + x + ", " + a + ", " + n +
                 ", " + n + ", " + d + ") -> " + x);
  std::vector<Floats> inputs;
  for (const char *name : {"u", "step", "A", "B", "C", "D"})
    inputs.push_back(golden.floats(name));
  forEachTarget([&] { EXPECT_LE(relativeError(run(text, shape[0], inputs), golden.doubles("y")), 1e-6); });
}

INSTANTIATE_TEST_SUITE_P(Ops, GoldenScan,
                         testing::Values("scan", "scan_196", "scan_large_steps", "scan_odd", "scan_one_token",
                                         "scan_small_steps"),
                         testName);

using GoldenLayerNorm = GoldenOps;

TEST_P(GoldenLayerNorm, Agrees) {
  Golden golden(GetParam());
  ASSERT_TRUE(golden.ok());
  std::vector<int64_t> shape = golden.shape("x");
  std::string x = tokensType(1, shape[1]), v = tensor({shape[1]});
  std::string text = kernel("layer_norm", {{"%x", x}, {"%w", v}, {"%b", v}}, x,
                            "%result = mv.layer_norm %x, %w, %b eps 1.0e-05 : " + x + ", " + v);
  std::vector<Floats> inputs = {golden.floats("x"), golden.floats("weight"), golden.floats("bias")};
  forEachTarget([&] { EXPECT_LE(relativeError(run(text, shape[0], inputs), golden.doubles("y")), 1e-6); });
}

INSTANTIATE_TEST_SUITE_P(Ops, GoldenLayerNorm,
                         testing::Values("layer_norm", "layer_norm_offset", "layer_norm_tiny"), testName);

using GoldenActivation = GoldenOps;

TEST_P(GoldenActivation, Agrees) {
  Golden golden("activations");
  ASSERT_TRUE(golden.ok());
  int64_t count = golden.shape("x")[0];
  std::string op = GetParam(), x = tokensType(1, count);
  std::string mnemonic = op == "gelu_erf" ? "gelu erf" : op == "gelu_tanh" ? "gelu tanh" : op;
  std::string text = kernel("pointwise", {{"%x", x}}, x, "%result = mv." + mnemonic + " %x : " + x);
  forEachTarget([&] {
    Floats result = run(text, 1, {golden.floats("x")});
    std::vector<double> expected = golden.doubles(op);
    EXPECT_LE(relativeError(result, expected), 1e-6);
    for (size_t i = 0; i < result.size(); ++i) // not only where the largest are
      EXPECT_NEAR(result[i], expected[i], 1e-6 * std::max(1.0, std::fabs(expected[i])));
  });
}

INSTANTIATE_TEST_SUITE_P(Ops, GoldenActivation,
                         testing::Values("softplus", "silu", "gelu_erf", "gelu_tanh", "relu"), testName);

//===----------------------------------------------------------------------===//
// Attention and mixer
//===----------------------------------------------------------------------===//

using GoldenAttention = GoldenOps;

/// qkv projection, attention, output projection.
TEST_P(GoldenAttention, Agrees) {
  Golden golden(GetParam());
  ASSERT_TRUE(golden.ok());
  std::vector<int64_t> shape = golden.shape("x");
  int64_t batch = shape[0], tokens = shape[1], d = shape[2];
  bool norms = golden.has("q_norm.weight");
  int64_t heads = norms ? d / golden.shape("q_norm.weight")[0] : d == 64 ? 4 : d == 40 ? 1 : 2;
  std::string qkv = tokensType(tokens, 3 * d), y = tokensType(tokens, d), v = tensor({d / heads});
  std::string scale =
      " heads " + std::to_string(heads) + " scale " + std::to_string(1 / std::sqrt(double(d / heads)));
  std::string plain =
      kernel("attention", {{"%x", qkv}}, y, "%result = mv.attention %x" + scale + " : (" + qkv + ") -> " + y);
  std::string normed = kernel("attention", {{"%x", qkv}, {"%qw", v}, {"%qb", v}, {"%kw", v}, {"%kb", v}}, y,
                              "%result = mv.attention %x q_norm %qw, %qb k_norm %kw, %kb" + scale + " : (" +
                                  qkv + ", " + v + ", " + v + ", " + v + ", " + v + ") -> " + y);
  forEachTarget([&] {
    Floats bias = golden.has("qkv.bias") ? golden.floats("qkv.bias") : Floats();
    std::vector<Floats> inputs = {linear(golden.floats("x"), batch, tokens, d, 3 * d,
                                         golden.floats("qkv.weight"), bias.empty() ? nullptr : &bias)};
    if (norms)
      for (const char *name : {"q_norm.weight", "q_norm.bias", "k_norm.weight", "k_norm.bias"})
        inputs.push_back(golden.floats(name));
    Floats attended = run(norms ? normed : plain, batch, inputs), projBias = golden.floats("proj.bias");
    Floats result = linear(attended, batch, tokens, d, d, golden.floats("proj.weight"), &projBias);
    // Scores of several hundred are good to 1e-5 in f32.
    double tolerance = GetParam() == "attention_peaked" ? 2e-5 : 2e-6;
    EXPECT_LE(relativeError(result, golden.doubles("y")), tolerance);
  });
}

INSTANTIATE_TEST_SUITE_P(Ops, GoldenAttention,
                         testing::Values("attention", "attention_196", "attention_head49", "attention_peaked",
                                         "attention_qknorm_nobias"),
                         testName);

using GoldenMixer = GoldenOps;

std::string mixerMiddle(int64_t tokens, int64_t d) {
  int64_t h = d / 2, rank = stepRank(d), p = rank + 16;
  std::string full = tokensType(tokens, d), half = tokensType(tokens, h), all = tokensType(tokens, p),
              dt = tokensType(tokens, rank), n = tokensType(tokens, 8), v = tensor({h});
  std::string k = tensor({d, 3}), xw = tensor({p, h}), tw = tensor({h, rank}), a = tensor({h, 8});
  auto slice = [](const char *result, const char *input, int64_t offset, const std::string &from,
                  const std::string &to) {
    return std::string(result) + " = mv.slice " + input + " offset " + std::to_string(offset) + " : " + from +
           " -> " + to + "\n";
  };
  return kernel("selective_scan",
                {{"%in", full}, {"%k", k}, {"%xw", xw}, {"%tw", tw}, {"%tb", v}, {"%a", a}, {"%d", v}}, full,
                "%0 = mv.conv1d %in, %k : (" + full + ", " + k + ") -> " + full +
                    "\n%1 = mv.silu %0 : " + full + "\n" + slice("%x", "%1", 0, full, half) +
                    slice("%z", "%1", h, full, half) + "%2 = mv.linear %x, %xw : (" + half + ", " + xw +
                    ") -> " + all + "\n" + slice("%dt", "%2", 0, all, dt) + slice("%b", "%2", rank, all, n) +
                    slice("%c", "%2", rank + 8, all, n) + "%3 = mv.linear %dt, %tw bias %tb : (" + dt + ", " +
                    tw + ", " + v + ") -> " + half + "\n%4 = mv.softplus %3 : " + half +
                    "\n%y = mv.selective_scan %x, %4, %a, %b, %c, %d : (" + half + ", " + half + ", " + a +
                    ", " + n + ", " + n + ", " + v + ") -> " + half + "\n%result = mv.concat %y, %z : (" +
                    half + ", " + half + ") -> " + full);
}

/// Input projection, the middle, output projection.
TEST_P(GoldenMixer, Agrees) {
  Golden golden(GetParam());
  ASSERT_TRUE(golden.ok());
  std::vector<int64_t> shape = golden.shape("x");
  int64_t batch = shape[0], tokens = shape[1], d = shape[2];
  Floats taps = golden.floats("conv1d_x.weight"), tapsZ = golden.floats("conv1d_z.weight");
  taps.insert(taps.end(), tapsZ.begin(), tapsZ.end());
  Floats bias = golden.floats("dt_proj.bias"), a = golden.floats("A_log");
  for (float &value : bias)
    value *= 2; // the published model adds it twice
  for (float &value : a)
    value = -std::exp(value);
  forEachTarget([&] {
    Floats projected = linear(golden.floats("x"), batch, tokens, d, d, golden.floats("in_proj.weight"));
    Floats mixed = run(mixerMiddle(tokens, d), batch,
                       {projected, taps, golden.floats("x_proj.weight"), golden.floats("dt_proj.weight"),
                        bias, a, golden.floats("D")});
    Floats result = linear(mixed, batch, tokens, d, d, golden.floats("out_proj.weight"));
    EXPECT_LE(relativeError(result, golden.doubles("y")), 2e-6);
  });
}

INSTANTIATE_TEST_SUITE_P(Ops, GoldenMixer,
                         testing::Values("mixer", "mixer_dim40", "mixer_dim98", "mixer_one_token",
                                         "mixer_two_tokens"),
                         testName);

} // namespace
