#include "gateway/described_limits.h"

#include "gateway/answer_store.h"
#include "gateway/api_request.h"
#include "gateway/http_headers.h"
#include "gateway/message_parts.h"
#include "gateway/picture.h"
#include "gateway/picture_fetcher.h"
#include "gateway/request_parser.h"
#include "gateway/tool_name.h"
#include "wire/sampling.h"

namespace sanctum::gateway {

std::span<const DescribedLimit> described_limits() {
  static constexpr DescribedLimit kLimits[] = {
      {"a request's header", kHeaderBytesMax, "bytes"},
      {"its lines", kHeaderLinesMax, "lines"},
      {"a request's body, as it is sent and unpacked", kBodyBytesMax, "bytes"},
      {"objects and lists of JSON inside of each other", json::kDepthMax, "levels"},
      {"numbers, texts, names and so on of one body", json::kValuesMax, "values"},
      {"messages of a conversation", wire::kMessagesMax, "messages"},
      {"parts of a message or of a tool's result", kPartsMax, "parts"},
      {"calls in one message", kToolCallsMax, "calls"},
      {"a prompt that is given as token ids", kPromptIdsMax, "ids"},
      {"pictures of a request", wire::kImagesMax, "pictures"},
      {"a picture's file", wire::kImageBytesMax, "bytes"},
      {"a side of a picture", kPictureSideMax, "pixels"},
      {"a picture in all", kPicturePixelsMax, "pixels"},
      {"fetching a request's pictures by URL, where `--fetch-pictures` is on",
       static_cast<std::uint64_t>(kPictureFetchMax.count()), "seconds"},
      {"the pictures of a request that are fetched", kFetchedBytesMax, "bytes"},
      {"redirects of one", kPictureRedirectsMax, "redirects"},
      {"tools of a request", wire::kToolsMax, "tools"},
      {"a tool's name", kToolNameBytesMax, "bytes"},
      {"a schema, regular expression or grammar", wire::kStructureBytesMax, "bytes"},
      {"choices of `guided_choice`", wire::kChoicesMax, "choices"},
      {"stop strings", wire::kStopStringsMax, "strings"},
      {"one of them", wire::kStopBytesMax, "bytes"},
      {"`stop_token_ids`", wire::kStopTokenIdsMax, "ids"},
      {"`logit_bias`", wire::kLogitBiasMax, "ids"},
      {"`top_logprobs`", wire::kTopLogprobsMax, "tokens"},
      {"`max_tokens`; without it, and with -1: what the context has room for", wire::kMaxTokensMax,
       "tokens"},
      {"an answer, whatever `X-Sanctum-Deadline` says",
       static_cast<std::uint64_t>(std::chrono::seconds(kRequestLimit).count()), "seconds"},
      {"fields that `X-Sanctum-Ignored` names; then `...`", FieldNotes::kIgnoredMax, "names"},
      {"a response that is kept, its input included; a larger one is answered and not kept",
       kAnswerBytesMax, "bytes"},
      {"a conversation that `previous_response_id` continues", kConversationBytesMax, "bytes"},
      {"responses in it", kConversationAnswersMax, "responses"}};
  return kLimits;
}

std::string limits_section() {
  std::string page =
      "\n## Limits\n\nBeyond them a request is refused with a 400, 413 or 431 that says so. What a "
      "model's context and memory hold is\nanother matter: `sanctum models info`. Grammars also "
      "have limits of work, by counts: an answer whose schema takes\nmore is refused, or ends, "
      "with "
      "an error in words.\n\n| of | at most | |\n|---|---|---|\n";
  for (const DescribedLimit& limit : described_limits())
    page += "| " + std::string(limit.what) + " | " + std::to_string(limit.most) + " | " +
            std::string(limit.unit) + " |\n";
  return page;
}

}  // namespace sanctum::gateway
