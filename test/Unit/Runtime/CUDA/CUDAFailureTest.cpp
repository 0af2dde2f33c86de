//===- CUDAFailureTest.cpp - A GPU that fails while it is used ------------------===//
//
// A GPU works on its own, so any call of the driver may be the one that tells of its failure. The user is told the same,
// whichever it is.
//
//===----------------------------------------------------------------------===//

#include "DriverTrace.h"
#include "GPUPackage.h"

using namespace mv;
using namespace mv::test;

namespace {

constexpr cuda::Result kUncorrectable = 214, kLaunchFailed = 719, kInvalidHandle = 400;

/// Makes a function of the driver's answer with `result`, whatever it is asked, as long as this lives.
template <typename... Arguments> class Failing {
public:
  using Function = cuda::Result (*)(Arguments...);

  Failing(Function cuda::Driver::*function, cuda::Result result)
      : function_(function), original_(DriverTrace::driver().*function) {
    answer = result;
    DriverTrace::driver().*function = [](Arguments...) { return answer; };
  }
  ~Failing() { DriverTrace::driver().*function_ = original_; }
  Failing(const Failing &) = delete;
  Failing &operator=(const Failing &) = delete;

private:
  static inline cuda::Result answer = cuda::kSuccess;
  Function cuda::Driver::*function_;
  Function original_;
};

struct CUDAFailureTest : testing::Test {
  TemporaryFolder folder;
  const Package package{writeGPUPackage(folder, {readPTX("sm_80")})};
  Session session{package, onDevice("cuda")};

  void SetUp() override { expectRight(session, 2); } // Memory and graph are there from now on.

  /// What a run says while `function` fails. The GPU itself is fine, and goes on afterwards.
  template <typename Function> Error errorWith(Function cuda::Driver::*function, cuda::Result result) {
    const Failing failing(function, result);
    const std::vector<float> images = testImages(2);
    TestOutputs outputs(2);
    float *pointers[] = {outputs.centred.data(), outputs.summary.data()};
    return errorOf([&] { session.run(0, 2, images.data(), pointers); });
  }
};

} // namespace

TEST_F(CUDAFailureTest, NegativeSameWhicheverCallTells) {
  const std::string told =
      "the GPU failed: CUDA_ERROR_LAUNCH_FAILED (unspecified launch failure); what it was given is lost";
  expectError(errorWith(&cuda::Driver::pointerGetAttributes, kLaunchFailed), MV_UNAVAILABLE, told);
  expectError(errorWith(&cuda::Driver::copyAsync, kLaunchFailed), MV_UNAVAILABLE, told);
  expectError(errorWith(&cuda::Driver::graphLaunch, kLaunchFailed), MV_UNAVAILABLE, told);
  expectError(errorWith(&cuda::Driver::eventRecord, kLaunchFailed), MV_UNAVAILABLE, told);
  expectError(errorWith(&cuda::Driver::eventSynchronize, kLaunchFailed), MV_UNAVAILABLE, told);
  expectError(errorWith(&cuda::Driver::eventSynchronize, kUncorrectable), MV_UNAVAILABLE,
              "the GPU failed: CUDA_ERROR_ECC_UNCORRECTABLE");
  expectRight(session, 2);
}

/// Other errors are told with what was tried.
TEST_F(CUDAFailureTest, NegativeOtherErrors) {
  expectError(errorWith(&cuda::Driver::graphLaunch, kInvalidHandle), MV_UNAVAILABLE,
              "cannot launch a CUDA graph: CUDA_ERROR_INVALID_HANDLE");
  expectError(errorWith(&cuda::Driver::eventSynchronize, kInvalidHandle), MV_UNAVAILABLE,
              "cannot run a batch of 2 images of 'forward_4x5': CUDA_ERROR_INVALID_HANDLE");
  expectRight(session, 2);
}
