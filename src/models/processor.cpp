#include "models/processor.h"

#include "base/error.h"

namespace sanctum::models {

Prompt Processor::prepare(std::vector<int> ids, const std::vector<std::string>& files,
                          const std::vector<std::string>& paths) const {
  if (!files.empty()) {
    throw Error(ErrorCode::kInvalid,
                "this model reads text only; send the request without pictures",
                paths.empty() ? "messages" : paths.front());
  }
  Prompt prompt;
  prompt.tokens = std::move(ids);
  const int n = static_cast<int>(prompt.tokens.size());
  for (int i = 0; i < n; ++i) prompt.positions.push_back({i, i, i});
  prompt.next_position = n;
  return prompt;
}

}  // namespace sanctum::models
