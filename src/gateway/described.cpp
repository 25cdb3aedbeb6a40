#include "gateway/described.h"

#include "gateway/anthropic_fields.h"
#include "gateway/openai_fields.h"
#include "gateway/responses_fields.h"

namespace sanctum::gateway {

std::span<const DescribedPost> described_posts() {
  static constexpr DescribedPost kPosts[] = {
      {"/v1/chat/completions", "chat", &kChatRequestFields},
      {"/v1/completions", "one prompt", &kCompletionRequestFields},
      {"/v1/messages", "chat, as Anthropic's", &kMessagesRequestFields},
      {"/v1/messages/count_tokens", "how long its prompt is", &kMessagesRequestFields},
      {"/v1/responses", "chat, as OpenAI's newer one", &kResponsesRequestFields},
      {"/v1/responses/input_tokens", "how long its prompt is", &kResponsesRequestFields}};
  return kPosts;
}

std::span<const FieldGroup> field_groups() {
  static const FieldGroup kGroups[] = {{"Chat completions, completions", openai_fields()},
                                       {"Messages", anthropic_fields()},
                                       {"Responses", responses_fields()}};
  return kGroups;
}

}  // namespace sanctum::gateway
