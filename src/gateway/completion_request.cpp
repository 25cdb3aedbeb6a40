// POST /v1/completions.
#include "gateway/api_request.h"
#include "gateway/openai_fields.h"
#include "wire/sampling.h"

namespace sanctum::gateway {
namespace {

constexpr int kMaxTokensDefault = 16;  // as OpenAI's
constexpr int kLogprobsMax = 5;        // as OpenAI's

void read_prompt(const json::Node& prompt, wire::GenerateRequest& out) {
  if (prompt.is_string()) {
    out.prompt = prompt.as_string();
    return;
  }
  if (!prompt.is_array())
    prompt.fail("must be a string or an array of token ids, not " + std::string(prompt.kind()));
  const auto items = prompt.as_array(kPromptIdsMax);
  if (items.empty()) prompt.fail("must not be empty");
  if (!items[0].is_number()) {
    if (items.size() > 1) prompt.fail("must be one prompt: send one request for each");
    return read_prompt(items[0], out);
  }
  for (const auto& item : items)
    out.prompt_ids.push_back(static_cast<int>(item.as_int(0, wire::kTokenIdMax)));
}

}  // namespace

ApiRequest decode_completion_request(const json::Node& root, FieldNotes& notes) {
  check_fields(root, kCompletionRequestFields, notes);
  ApiRequest request = decode_openai_common(root, notes);
  read_prompt(root.at("prompt"), request.generate);
  if (!root.has("max_tokens")) request.generate.sampling.max_tokens = kMaxTokensDefault;
  if (const auto node = root.get("logprobs")) {
    request.generate.sampling.top_logprobs = static_cast<int>(node->as_int(0, kLogprobsMax));
  }
  return request;
}

}  // namespace sanctum::gateway
