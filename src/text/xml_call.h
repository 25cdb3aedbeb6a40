// A call as Qwen3-Coder and Qwen3.5 to 3.8 write it:
//   <function=name>\n<parameter=key>\nvalue\n</parameter>\n ... </function>
//
// A value is a text; which JSON it is says the tool's schema (parameter_value.h). One that can only
// be a string goes out as it comes, whitespace and all but for the line break on either side; any
// other once it is whole. `</parameter>` ends a value only where another tag follows, so that a
// value may speak of it; and one that can be no text holds them both in the strings of its JSON.
#pragma once

#include <optional>

#include "text/argument_writer.h"
#include "text/call_reader.h"
#include "text/json_scanner.h"
#include "text/markers.h"

namespace sanctum::text {

inline constexpr std::size_t kValueBytesMax = 1u << 20;  // held back of one value; longer: a string
inline constexpr std::size_t kGapBytesMax = 64;          // of whitespace between two tags

class XmlCall : public CallReader {
 public:
  // `open`: the marker was `<function=` itself.
  XmlCall(const OfferedTools& tools, bool open)
      : CallReader(tools), at_(open ? At::kName : At::kTag) {}

  Status push(char c) override;
  bool in_string() const override { return at_ == At::kKey || at_ >= At::kValueStart; }
  void close() override;
  void cut() override;

 private:
  enum class At { kTag, kName, kKey, kValueStart, kValue };
  Status tag(char c);
  Status name(char c);
  Status end_tag(std::string_view tag);
  Status value(char c);
  bool is_spelled() const;
  void value_byte(char c);
  void end_value();
  void begin();
  void take_written() { arguments_ += writer_.take(); }

  At at_;
  std::string tag_;  // of a tag, or of what may end a value
  std::string key_, value_;
  bool streams_ = false;  // the value goes out as a string
  // Of one that can be no string: what of it is JSON.
  std::optional<JsonScanner> json_;
  ArgumentWriter writer_;
};

}  // namespace sanctum::text
