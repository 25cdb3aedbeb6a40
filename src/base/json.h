// Reads JSON into native types, naming the path of whatever is wrong.
//
// Contract: every getter throws Error(kInvalid) with `field` set to the path from the document's
// root ("messages[2].role") and a message that says what was expected and what was found. Nothing
// is converted silently: 1.9 is no integer, true is no number, NaN and infinity are refused.
// Unlike the library underneath, duplicate keys are refused too, and depth is bounded.
// A Node is a view: the Document must outlive it. Thread rule: values, no shared state.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace boost::json {
class value;
}

namespace sanctum::json {

inline constexpr std::size_t kDepthMax = 64;          // what we are sent
inline constexpr std::size_t kOwnDepthMax = 96;       // what we wrote around it ourselves
inline constexpr std::size_t kValuesMax = 1'200'000;  // numbers, strings, keys, ... of one document

class Node {
 public:
  Node(const boost::json::value* value, std::string path) : value_(value), path_(std::move(path)) {}

  const std::string& path() const { return path_; }
  bool is_null() const;
  bool is_string() const;
  bool is_bool() const;
  bool is_number() const;
  bool is_array() const;
  bool is_object() const;
  // "a string", "an object", ...: for messages.
  std::string_view kind() const;

  // The value itself, typed; bounds are inclusive.
  const std::string as_string() const;
  bool as_bool() const;
  std::int64_t as_int(std::int64_t low = std::numeric_limits<std::int64_t>::min(),
                      std::int64_t high = std::numeric_limits<std::int64_t>::max()) const;
  std::uint64_t as_uint64() const;
  double as_double(double low = -std::numeric_limits<double>::infinity(),
                   double high = std::numeric_limits<double>::infinity()) const;
  std::vector<Node> as_array(std::size_t size_max = std::numeric_limits<std::size_t>::max()) const;

  // Object members. `get` returns nothing for a missing key and for null.
  Node at(std::string_view key) const;
  std::optional<Node> get(std::string_view key) const;
  bool has(std::string_view key) const;
  std::vector<std::pair<std::string, Node>> members() const;
  // Refuses members that are neither in `known` nor in `more`, naming the first.
  void only(std::initializer_list<std::string_view> known,
            std::span<const std::string_view> more = {}) const;

  std::string as_string_or(std::string_view key, std::string_view fallback) const;
  bool as_bool_or(std::string_view key, bool fallback) const;
  std::int64_t as_int_or(std::string_view key, std::int64_t fallback) const;
  double as_double_or(std::string_view key, double fallback) const;

  // The value as compact JSON text.
  std::string dump() const;
  const boost::json::value& raw() const { return *value_; }

  // An Error about this very place.
  [[noreturn]] void fail(const std::string& message) const;

 private:
  const boost::json::value* value_;
  std::string path_;
};

// Owns parsed text. Throws Error(kInvalid, "... near byte N") for malformed JSON, and for more than
// `depth_max` levels or kValuesMax values: a value takes far more memory than its text.
class Document {
 public:
  explicit Document(std::string_view text, std::string root_path = {},
                    std::size_t depth_max = kDepthMax);
  ~Document();
  Document(Document&&) noexcept;
  Document& operator=(Document&&) noexcept;
  Node root() const;

 private:
  std::unique_ptr<boost::json::value> value_;
  std::string root_path_;
};

bool is_utf8(std::string_view text);
// A JSON string literal, quotes included; invalid UTF-8 becomes U+FFFD.
std::string quote(std::string_view text);
// Shortest text that reads back as the same double; "null" for NaN and infinity.
std::string number(double value);

// Writes compact JSON with the keys in the order given. Commas are its own business.
//   Writer w; w.begin_object().key("id").value("a").key("n").value(3).end_object(); w.take();
class Writer {
 public:
  Writer& begin_object();
  Writer& end_object();
  Writer& begin_array();
  Writer& end_array();
  Writer& key(std::string_view name);
  Writer& value(std::string_view text);
  Writer& value(const char* text) { return value(std::string_view(text)); }
  Writer& value(const std::string& text) { return value(std::string_view(text)); }
  Writer& value(bool flag);
  Writer& value(double number);
  Writer& value(float number) { return value(static_cast<double>(number)); }
  Writer& value(std::int64_t number);
  Writer& value(std::uint64_t number);
  Writer& value(int number) { return value(static_cast<std::int64_t>(number)); }
  Writer& value(unsigned number) { return value(static_cast<std::uint64_t>(number)); }
  Writer& null();
  // Text that already is JSON.
  Writer& raw(std::string_view json);
  template <class T>
  Writer& field(std::string_view name, const T& v) {
    return key(name).value(v);
  }
  std::string take() { return std::move(out_); }

 private:
  void separate();
  std::string out_;
  bool fresh_ = true;  // no comma needed before the next item
};

}  // namespace sanctum::json
