//===- Classify.cpp - From logits to answers ------------------------------------===//

#include "Classify.h"

#include <algorithm>
#include <cmath>
#include <numeric>

using namespace mv;
using namespace mv::run;

std::vector<Candidate> run::topClasses(std::span<const float> logits, size_t count) {
  std::vector<int> order(logits.size());
  std::iota(order.begin(), order.end(), 0);
  auto before = [&](int a, int b) {
    bool aIsNumber = !std::isnan(logits[a]), bIsNumber = !std::isnan(logits[b]);
    if (aIsNumber != bIsNumber)
      return aIsNumber;
    if (aIsNumber && logits[a] != logits[b])
      return logits[a] > logits[b];
    return a < b;
  };
  count = std::min(count, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(), before);
  if (count == 0)
    return {};

  double largest = logits[order[0]], sum = 0;
  for (float logit : logits)
    sum += std::exp(logit - largest);
  std::vector<Candidate> result;
  result.reserve(count);
  for (size_t i = 0; i < count; ++i)
    result.push_back({order[i], logits[order[i]], std::exp(logits[order[i]] - largest) / sum});
  return result;
}

void Accuracy::add(std::span<const float> logits, int rightClass) {
  ++images_;
  std::vector<Candidate> top = topClasses(logits, 5);
  // Logits that are not numbers are no answer.
  auto isRight = [&](const Candidate &candidate) {
    return candidate.index == rightClass && !std::isnan(candidate.logit);
  };
  if (!top.empty() && isRight(top.front()))
    ++top1_;
  if (std::any_of(top.begin(), top.end(), isRight))
    ++top5_;
}
