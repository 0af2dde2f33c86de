// What kernels print comes out once, whole lines, before the call that waits for them returns.
#include "Check.h"

#include <cstring>
#include <string>
#include <unistd.h>

__global__ void hello(int base) {
  if (threadIdx.x < 2)
    printf("thread %d of block %d: %s %.2f %c %lld\n", threadIdx.x, blockIdx.x, "text", 0.5 + base, 'x',
           1ll << 40);
}

int main() {
  int ends[2], old = dup(1);
  if (pipe(ends) || dup2(ends[1], 1) == -1)
    return 1;
  hello<<<2, 32>>>(3);
  CHECK(cudaDeviceSynchronize());
  std::fflush(stdout);
  dup2(old, 1);
  close(ends[1]);
  std::string text;
  char piece[512];
  for (ssize_t size; (size = read(ends[0], piece, sizeof(piece))) > 0;)
    text.append(piece, size);
  for (int block = 0; block < 2; ++block)
    for (int thread = 0; thread < 2; ++thread) {
      char line[128];
      std::snprintf(line, sizeof(line), "thread %d of block %d: text 3.50 x 1099511627776\n", thread, block);
      size_t at = text.find(line);
      EXPECT(at != std::string::npos && text.find(line, at + 1) == std::string::npos);
    }
  return 0;
}
