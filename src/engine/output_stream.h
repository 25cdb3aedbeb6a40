// One request's way from token ids to what its client reads: bytes, stop strings, tool calls.
//
// Owned by the output thread.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "engine/sequence.h"
#include "engine/text_model.h"
#include "text/detokenizer.h"
#include "text/output_parser.h"
#include "text/stop_strings.h"
#include "wire/messages.h"

namespace sanctum::engine {

class OutputStream {
 public:
  OutputStream(std::string request, std::shared_ptr<const TextModel> model,
               const wire::GenerateRequest& options, bool starts_in_reasoning);

  // What the token adds for the client. After a stop string was met or its text could not be made
  // (`stopped`) nothing more comes. Throws nothing: what goes wrong ends this request alone.
  wire::RowDelta push(const TokenOutput& token);
  bool stopped() const { return !stop_string_.empty() || failure_; }
  // Before the first push: the answer's beginning, which its client has already. Afterwards the
  // stream is as it was behind those tokens; it may be `stopped`.
  void resume(const std::vector<int>& said, const std::vector<int>& end_ids);
  // The end: what was held back, and the final account. Throws nothing.
  wire::Completed finish(const SequenceEnd& end);

 private:
  void add(const TokenOutput& token, wire::RowDelta& delta);
  void flush(text::Ending ending, wire::RowDelta& delta);
  void emit(std::string_view text, wire::RowDelta& delta);
  static void take(text::OutputParser::Event event, wire::RowDelta& delta);

  std::string request_;
  std::shared_ptr<const TextModel> model_;
  text::Detokenizer detokenizer_;
  text::StopStrings stop_strings_;
  text::OutputParser parser_;
  bool with_logprobs_;
  int tokens_ = 0;
  bool cut_by_client_ = false;  // by one of its stop_token_ids that is a piece of text
  std::string stop_string_;
  std::optional<wire::Failure> failure_;  // of making the text
};

}  // namespace sanctum::engine
