//===- Classify.h - From logits to answers --------------------------*- C++ -*-===//

#ifndef MV_TOOLS_RUN_CLASSIFY_H
#define MV_TOOLS_RUN_CLASSIFY_H

#include <cstddef>
#include <span>
#include <vector>

namespace mv::run {

struct Candidate {
  int index; ///< Of the class.
  float logit;
  double probability; ///< softmax of the logits
};

/// The `count` classes with the largest logits, best first; of equal ones the lower index. Not-a-numbers come
/// last.
std::vector<Candidate> topClasses(std::span<const float> logits, size_t count);

/// How often the right class was the first, or among the first five.
class Accuracy {
public:
  void add(std::span<const float> logits, int rightClass);

  size_t images() const { return images_; }
  size_t top1() const { return top1_; }
  size_t top5() const { return top5_; }

private:
  size_t images_ = 0, top1_ = 0, top5_ = 0;
};

} // namespace mv::run

#endif // MV_TOOLS_RUN_CLASSIFY_H
