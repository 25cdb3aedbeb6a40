#include "gateway/reported_tokens.h"

#include <algorithm>
#include <cstdint>
#include <limits>

namespace sanctum::gateway {

int reported_tokens(int tokens, int context, int taken_for) {
  if (context <= 0 || taken_for <= 0) return tokens;
  const std::int64_t all = std::int64_t{tokens} * taken_for;
  return static_cast<int>(
      std::min<std::int64_t>((all + context - 1) / context, std::numeric_limits<int>::max()));
}

wire::Usage reported_usage(const wire::Usage& usage, int context, int taken_for) {
  wire::Usage told = usage;
  for (int* tokens : {&told.prompt_tokens, &told.completion_tokens, &told.cached_tokens,
                      &told.image_tokens, &told.reasoning_tokens})
    *tokens = reported_tokens(*tokens, context, taken_for);
  return told;
}

}  // namespace sanctum::gateway
