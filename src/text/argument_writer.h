// Writes a call's arguments as JSON text while they are being read, for formats that spell them in
// another way.
//
// Contract: whatever is called in whatever order, what was taken so far is the beginning of a JSON
// object, and a whole one once depth() is back at 0. A value stands behind its key or in an array;
// commas are its own business. Values only, one owner at a time.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sanctum::text {

class ArgumentWriter {
 public:
  void open(char bracket);  // { or [
  void close();             // whatever is open
  void close_all();
  void key(std::string_view name);  // of a member; a value follows
  // Text that is JSON already.
  void value(std::string_view json);
  // A string, by bytes of whole UTF-8 characters.
  void begin_string();
  void string_byte(char c);
  // Behind this one inside a string: as a JSON string has it, escapes and all.
  void string_json(char c);
  void end_string();

  std::size_t depth() const { return open_.size(); }
  bool in_object() const { return !open_.empty() && open_.back() == '{'; }
  std::string take() { return std::exchange(out_, {}); }

 private:
  void separate();

  std::string out_;
  std::vector<char> open_;
  bool fresh_ = true;     // no comma before the next item
  bool pending_ = false;  // a key waits for its value
  bool string_ = false;
};

}  // namespace sanctum::text
