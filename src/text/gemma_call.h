// A call as Gemma 4 writes it: call:name{key:<|"|>text<|"|>,n:3,list:[1,2],obj:{a:true}}
//
// Keys without quotes, strings between quote marks of their own, without escapes; all of it goes
// out as JSON. Where it isn't well-formed it is read as what it is nearest to: a word that is no
// JSON is a string, a closing bracket closes whatever is open.
#pragma once

#include "text/argument_writer.h"
#include "text/call_reader.h"

namespace sanctum::text {

class GemmaCall : public CallReader {
 public:
  explicit GemmaCall(const OfferedTools& tools) : CallReader(tools) {}

  Status push(char c) override;
  bool in_string() const override {
    return at_ == At::kString || at_ == At::kJsonString || at_ == At::kQuotedKey;
  }
  void close() override;
  void cut() override { arguments_ += writer_.take(); }

 private:
  enum class At { kHead, kKey, kQuotedKey, kColon, kValue, kString, kJsonString, kWord, kNext };
  Status head(char c);
  Status byte(char c);
  void quote();
  Status bracket();
  void begin_value(char c);
  void end_key(std::string_view key);
  void end_word();
  void next() { at_ = writer_.in_object() ? At::kKey : At::kValue; }

  At at_ = At::kHead;
  std::string pending_;  // perhaps the start of a quote mark
  std::string word_;     // the head, a key, a value without quotes
  bool escaped_ = false;
  ArgumentWriter writer_;
};

}  // namespace sanctum::text
