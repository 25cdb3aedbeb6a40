#include "gateway/answer.h"

#include <algorithm>

namespace sanctum::gateway {

std::optional<KeptAnswer> AnswerShape::to_keep(const wire::RowDelta&, const wire::Completed&) {
  return std::nullopt;
}

std::string AnswerShape::progress(const wire::RowDelta&, int, std::int64_t) {
  return {};
}

void merge(wire::RowDelta& all, const wire::RowDelta& row) {
  all.prompt_done = row.prompt_done;
  all.prompt_cached = row.prompt_cached;
  all.ids.insert(all.ids.end(), row.ids.begin(), row.ids.end());
  all.content += row.content;
  all.reasoning += row.reasoning;
  for (const auto& call : row.tool_calls) {
    const auto same = std::find_if(all.tool_calls.begin(), all.tool_calls.end(),
                                   [&](const auto& known) { return known.index == call.index; });
    if (same == all.tool_calls.end()) {
      all.tool_calls.push_back(call);
      continue;
    }
    if (same->id.empty()) same->id = call.id;
    if (same->name.empty()) same->name = call.name;
    same->arguments += call.arguments;
  }
  all.logprobs.insert(all.logprobs.end(), row.logprobs.begin(), row.logprobs.end());
}

std::size_t bytes_of(const wire::RowDelta& row) {
  std::size_t bytes = row.content.size() + row.reasoning.size() + row.ids.size() * sizeof(int);
  for (const auto& call : row.tool_calls)
    bytes += call.id.size() + call.name.size() + call.arguments.size();
  for (const auto& position : row.logprobs)
    bytes += sizeof position + position.top.size() * sizeof(wire::TokenLogprob);
  return bytes;
}

}  // namespace sanctum::gateway
