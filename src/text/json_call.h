// A call that is a JSON object: {"name": ..., "arguments": {...}}.
//
// Members come in any order, and others beside them; "parameters" stands for "arguments"; name and
// arguments may stand inside of a member "function". Arguments that a model put in quotes, or that
// came before the name, are handed out once they are whole.
#pragma once

#include "text/call_reader.h"
#include "text/json_extent.h"

namespace sanctum::text {

class JsonCall : public CallReader {
 public:
  // `marked`: a marker said that this is a call, so that one without arguments is one.
  JsonCall(const OfferedTools& tools, bool marked, Behind behind)
      : CallReader(tools), marked_(marked), behind_(behind) {}

  Status push(char c) override;
  bool in_string() const override;
  Behind behind() const override { return behind_; }

 private:
  enum class At { kObject, kKey, kKeyText, kColon, kValue, kInside, kScalar };
  Status begin_value(char c);
  Status end_value();
  Status end_name();
  Status end_arguments();
  Status end_object();
  Status begin();
  Status wrong() const { return begun() ? Status::kBefore : Status::kNoCall; }

  const bool marked_;
  const Behind behind_;
  At at_ = At::kObject;
  int level_ = 0;
  std::string key_, value_;  // as they are written
  JsonExtent extent_;        // of the key or value
  bool streams_ = false;     // the value is the arguments, on their way out
  bool known_ = false;       // the arguments, before the name
};

}  // namespace sanctum::text
