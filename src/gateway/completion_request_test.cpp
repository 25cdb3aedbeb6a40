#include <gtest/gtest.h>

#include "gateway/api_request.h"
#include "gateway/test_requests.h"

namespace sanctum::gateway {
namespace {

ApiRequest decode(const std::string& more) {
  FieldNotes notes;
  return decode_completion_request(json::Document(R"({"model":"m",)" + more + "}").root(), notes);
}

std::string refused_field(const std::string& more) {
  return field_refused_by(decode, more);
}

TEST(CompletionRequest, TakesTextAndTokenIds) {
  EXPECT_EQ(decode(R"("prompt":"x")").generate.prompt, "x");
  EXPECT_EQ(decode(R"("prompt":["x"])").generate.prompt, "x");
  EXPECT_EQ(decode(R"("prompt":[1,2])").generate.prompt_ids, (std::vector<int>{1, 2}));
  EXPECT_EQ(decode(R"("prompt":[[1,2]])").generate.prompt_ids, (std::vector<int>{1, 2}));
  EXPECT_EQ(decode(R"("prompt":"x")").generate.sampling.max_tokens, 16);
  EXPECT_EQ(decode(R"("prompt":"x","logprobs":2,"max_tokens":3)").generate.sampling.top_logprobs,
            2);
  EXPECT_EQ(decode(R"("prompt":"x","echo":false,"best_of":1,"suffix":null)").generate.prompt, "x");
}

TEST(CompletionRequest, EveryRefusalNamesItsField) {
  const std::pair<const char*, const char*> cases[] = {
      {R"("stop":"x")", "prompt"},
      {R"("prompt":7)", "prompt"},
      {R"("prompt":[])", "prompt"},
      {R"("prompt":["a","b"])", "prompt"},
      {R"("prompt":[1,"b"])", "prompt[1]"},
      {R"("prompt":[-1])", "prompt[0]"},
      {R"("prompt":"x","echo":true)", "echo"},
      {R"("prompt":"x","suffix":"y")", "suffix"},
      {R"("prompt":"x","best_of":2)", "best_of"},
      {R"("prompt":"x","logprobs":6)", "logprobs"},
      {R"("prompt":"x","logprobs":true)", "logprobs"},
      {R"("prompt":"x","tools":[])", "tools"},
      {R"("prompt":"x","surprise":1)", "surprise"},
  };
  for (const auto& [text, field] : cases) EXPECT_EQ(refused_field(text), field) << text;
}

}  // namespace
}  // namespace sanctum::gateway
