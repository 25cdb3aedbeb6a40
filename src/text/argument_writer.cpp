#include "text/argument_writer.h"

#include "base/json.h"

namespace sanctum::text {

void ArgumentWriter::separate() {
  end_string();
  if (!pending_ && !fresh_) out_ += ',';
  pending_ = false;
  fresh_ = false;
}

void ArgumentWriter::open(char bracket) {
  separate();
  out_ += bracket;
  open_.push_back(bracket);
  fresh_ = true;
}

void ArgumentWriter::close() {
  if (open_.empty()) return;
  end_string();
  if (pending_) value("null");
  out_ += open_.back() == '{' ? '}' : ']';
  open_.pop_back();
  fresh_ = false;
}

void ArgumentWriter::close_all() {
  while (depth() > 0) close();
}

void ArgumentWriter::key(std::string_view name) {
  if (pending_) value("null");
  separate();
  out_ += json::quote(name);
  out_ += ':';
  pending_ = true;
}

void ArgumentWriter::value(std::string_view json) {
  separate();
  out_ += json;
}

void ArgumentWriter::begin_string() {
  separate();
  out_ += '"';
  string_ = true;
}

void ArgumentWriter::string_byte(char c) {
  constexpr std::string_view kHex = "0123456789abcdef";
  switch (c) {
    case '"':
      out_ += "\\\"";
      return;
    case '\\':
      out_ += "\\\\";
      return;
    case '\n':
      out_ += "\\n";
      return;
    case '\r':
      out_ += "\\r";
      return;
    case '\t':
      out_ += "\\t";
      return;
    default:
      break;
  }
  const auto byte = static_cast<unsigned char>(c);
  if (byte >= 0x20) {
    out_ += c;
  } else {
    out_ += "\\u00";
    out_ += kHex[byte >> 4];
    out_ += kHex[byte & 15];
  }
}

void ArgumentWriter::string_json(char c) {
  static_cast<unsigned char>(c) < 0x20 ? string_byte(c) : static_cast<void>(out_ += c);
}

void ArgumentWriter::end_string() {
  if (string_) out_ += '"';
  string_ = false;
}

}  // namespace sanctum::text
