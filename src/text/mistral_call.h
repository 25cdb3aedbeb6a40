// A call as Mistral's models write it: name[ARGS]{...}, name[CALL_ID]id[ARGS]{...}, or of the older
// ones a list [{"name": ..., "arguments": ...}, ...], of which this reads the first.
#pragma once

#include "text/json_call.h"

namespace sanctum::text {

class MistralCall : public CallReader {
 public:
  explicit MistralCall(const OfferedTools& tools) : CallReader(tools) {}

  Status push(char c) override;
  bool in_string() const override { return list_ ? list_->in_string() : extent_.in_string(); }
  Behind behind() const override { return list_ ? list_->behind() : Behind{}; }

  // Of a list's calls.
  static std::unique_ptr<CallReader> element(const OfferedTools& tools);

 private:
  Status begin();

  std::unique_ptr<CallReader> list_;
  std::string head_;
  JsonExtent extent_;
};

}  // namespace sanctum::text
