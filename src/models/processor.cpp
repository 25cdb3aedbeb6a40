#include "models/processor.h"

#include "base/error.h"

namespace sanctum::models {

void refuse_over(std::int64_t tokens, std::int64_t tokens_max) {
  if (tokens <= tokens_max) return;
  throw Error(ErrorCode::kTooLong,
              "the prompt has " + std::to_string(tokens) +
                  " tokens or more; this model's context leaves room for " +
                  std::to_string(tokens_max) + " and an answer",
              "messages");
}

Prompt Processor::prepare(std::vector<int> ids, const std::vector<std::string>& files,
                          const std::vector<std::string>& paths, std::int64_t tokens_max) const {
  if (!files.empty()) {
    throw Error(ErrorCode::kInvalid,
                "this model reads text only; send the request without pictures",
                paths.empty() ? "messages" : paths.front());
  }
  refuse_over(static_cast<std::int64_t>(ids.size()), tokens_max);
  Prompt prompt;
  prompt.tokens = std::move(ids);
  const int n = static_cast<int>(prompt.tokens.size());
  for (int i = 0; i < n; ++i) prompt.positions.push_back({i, i, i});
  prompt.next_position = n;
  return prompt;
}

}  // namespace sanctum::models
