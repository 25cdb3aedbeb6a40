#include "models/processor.h"

#include <utility>

#include "base/error.h"
#include "base/invariant.h"

namespace sanctum::models {
namespace {

class TextPrompt final : public PromptBuilder {
 public:
  explicit TextPrompt(std::vector<int> ids) : ids_(std::move(ids)) {}

  std::size_t pictures_left() const override { return 0; }
  void read_picture() override { SANCTUM_INVARIANT(false, "a text has no pictures"); }
  std::uint64_t bytes() const override { return 0; }
  Prompt take() override {
    Prompt prompt;
    prompt.tokens = std::move(ids_);
    const int n = static_cast<int>(prompt.tokens.size());
    for (int i = 0; i < n; ++i) prompt.positions.push_back({i, i, i});
    prompt.next_position = n;
    return prompt;
  }

 private:
  std::vector<int> ids_;
};

}  // namespace

void refuse_over(std::int64_t tokens, std::int64_t tokens_max) {
  if (tokens <= tokens_max) return;
  throw Error(ErrorCode::kTooLong,
              too_many_tokens(tokens, tokens_max) +
                  ", counted no further; this model's context holds that and an answer",
              "messages");
}

std::string too_many_tokens(std::int64_t tokens, std::int64_t tokens_max) {
  return "the prompt has " + std::to_string(tokens) + " tokens > " + std::to_string(tokens_max) +
         " maximum";
}

void refuse_pictures(const std::vector<std::string>& paths) {
  throw Error(ErrorCode::kInvalid, "this model sees no pictures; send the request without them",
              paths.empty() ? "messages" : paths.front());
}

std::unique_ptr<PromptBuilder> Processor::begin(std::vector<int> ids,
                                                std::vector<std::string> files,
                                                std::vector<std::string> paths,
                                                std::int64_t tokens_max) const {
  const std::vector<std::string> pictures = std::move(files), places = std::move(paths);
  if (!pictures.empty()) refuse_pictures(places);
  refuse_over(static_cast<std::int64_t>(ids.size()), tokens_max);
  return std::make_unique<TextPrompt>(std::move(ids));
}

Prompt Processor::prepare(std::vector<int> ids, std::vector<std::string> files,
                          std::vector<std::string> paths, std::int64_t tokens_max) const {
  const auto prompt = begin(std::move(ids), std::move(files), std::move(paths), tokens_max);
  while (prompt->pictures_left() > 0) prompt->read_picture();
  return prompt->take();
}

}  // namespace sanctum::models
