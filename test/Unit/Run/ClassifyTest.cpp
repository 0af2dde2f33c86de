//===- ClassifyTest.cpp - From logits to answers --------------------------------===//

#include "Classify.h"
#include "Benchmark.h"

#include <cmath>
#include <gtest/gtest.h>

using namespace mv::run;

static std::vector<int> indices(const std::vector<Candidate> &candidates) {
  std::vector<int> result;
  for (const Candidate &candidate : candidates)
    result.push_back(candidate.index);
  return result;
}

/// Best first; equal logits in order of the classes.
TEST(Classify, TopClasses) {
  const float logits[] = {1, 3, 2, 3};
  EXPECT_EQ(indices(topClasses(logits, 3)), (std::vector<int>{1, 3, 2}));
  EXPECT_EQ(topClasses(logits, 9).size(), 4u);
  EXPECT_TRUE(topClasses({}, 5).empty());
}

/// softmax, also where exp alone would overflow.
TEST(Classify, Probabilities) {
  const float logits[] = {1000, 1000 + std::log(3.0f)};
  std::vector<Candidate> top = topClasses(logits, 2);
  EXPECT_NEAR(top[0].probability, 0.75, 1e-5);
  EXPECT_NEAR(top[1].probability, 0.25, 1e-5);
}

TEST(Classify, NotANumberComesLast) {
  const float logits[] = {NAN, 1, NAN, 2};
  EXPECT_EQ(indices(topClasses(logits, 4)), (std::vector<int>{3, 1, 0, 2}));
}

TEST(Classify, Accuracy) {
  const float logits[] = {0, 1, 2, 3, 4, 5, 6};
  Accuracy accuracy;
  accuracy.add(logits, 6); // first
  accuracy.add(logits, 2); // fifth
  accuracy.add(logits, 1); // sixth
  EXPECT_EQ(accuracy.images(), 3u);
  EXPECT_EQ(accuracy.top1(), 1u);
  EXPECT_EQ(accuracy.top5(), 2u);
}

/// Broken arithmetic must not count as right because all classes tie.
TEST(Classify, NotANumberIsNeverRight) {
  const float logits[] = {NAN, NAN, NAN};
  Accuracy accuracy;
  accuracy.add(logits, 0);
  EXPECT_EQ(accuracy.top1(), 0u);
  EXPECT_EQ(accuracy.top5(), 0u);
}

/// numpy.percentile's default.
TEST(Benchmark, Percentile) {
  const double values[] = {1, 2, 3, 4};
  EXPECT_DOUBLE_EQ(percentile(values, 0), 1);
  EXPECT_DOUBLE_EQ(percentile(values, 50), 2.5);
  EXPECT_DOUBLE_EQ(percentile(values, 90), 3.7);
  EXPECT_DOUBLE_EQ(percentile(values, 100), 4);
  const double one[] = {7};
  EXPECT_DOUBLE_EQ(percentile(one, 99), 7);
}
