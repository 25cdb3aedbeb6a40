// Boost.JSON's tokenizer with what its DOM parser leaves out: duplicate keys are an error, and so
// are numbers that a double cannot hold.
#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/src.hpp>
#include <charconv>
#include <cmath>
#include <optional>
#include <set>

#include "base/error.h"
#include "base/json.h"

namespace sanctum::json {
namespace {

namespace bj = boost::json;

struct Handler {
  static constexpr std::size_t max_object_size = bj::object::max_size();
  static constexpr std::size_t max_array_size = bj::array::max_size();
  static constexpr std::size_t max_key_size = bj::string::max_size();
  static constexpr std::size_t max_string_size = bj::string::max_size();

  bj::value_stack stack;
  std::vector<std::set<std::string>> keys;
  std::string partial_key;
  std::string problem;
  std::size_t values = 0;

  bool count(bj::error_code& ec) {
    if (++values <= kValuesMax) return true;
    problem = "more than " + std::to_string(kValuesMax) + " values";
    ec = bj::error::syntax;
    return false;
  }

  bool on_document_begin(bj::error_code&) { return true; }
  bool on_document_end(bj::error_code&) { return true; }
  bool on_object_begin(bj::error_code& ec) {
    keys.emplace_back();
    return count(ec);
  }
  bool on_object_end(std::size_t n, bj::error_code&) {
    keys.pop_back();
    stack.push_object(n);
    return true;
  }
  bool on_array_begin(bj::error_code& ec) { return count(ec); }
  bool on_array_end(std::size_t n, bj::error_code&) {
    stack.push_array(n);
    return true;
  }
  bool on_key_part(bj::string_view s, std::size_t, bj::error_code&) {
    partial_key.append(s.data(), s.size());
    stack.push_chars(s);
    return true;
  }
  bool on_key(bj::string_view s, std::size_t, bj::error_code& ec) {
    partial_key.append(s.data(), s.size());
    if (!keys.back().insert(partial_key).second) {
      problem = "the key \"" + partial_key + "\" appears twice in one object";
      ec = bj::error::syntax;
      return false;
    }
    partial_key.clear();
    stack.push_key(s);
    return count(ec);
  }
  bool on_string_part(bj::string_view s, std::size_t, bj::error_code&) {
    stack.push_chars(s);
    return true;
  }
  bool on_string(bj::string_view s, std::size_t, bj::error_code& ec) {
    stack.push_string(s);
    return count(ec);
  }
  bool on_number_part(bj::string_view, bj::error_code&) { return true; }
  bool on_int64(std::int64_t i, bj::string_view, bj::error_code& ec) {
    stack.push_int64(i);
    return count(ec);
  }
  bool on_uint64(std::uint64_t u, bj::string_view, bj::error_code& ec) {
    stack.push_uint64(u);
    return count(ec);
  }
  bool on_double(double d, bj::string_view, bj::error_code& ec) {
    if (!std::isfinite(d)) {
      problem = "a number is too large";
      ec = bj::error::syntax;
      return false;
    }
    stack.push_double(d);
    return count(ec);
  }
  bool on_bool(bool b, bj::error_code& ec) {
    stack.push_bool(b);
    return count(ec);
  }
  bool on_null(bj::error_code& ec) {
    stack.push_null();
    return count(ec);
  }
  bool on_comment_part(bj::string_view, bj::error_code&) { return true; }
  bool on_comment(bj::string_view, bj::error_code&) { return true; }
};

constexpr std::size_t kEscapeBytes = 6;

// What the escape of four hex digits that begins at `at` stands for; nothing when there is none.
std::optional<unsigned> escape_at(std::string_view text, std::size_t at) {
  if (at + kEscapeBytes > text.size() || text.substr(at, 2) != "\\u") return std::nullopt;
  unsigned value = 0;
  const char* digits = text.data() + at + 2;
  const auto [end, error] = std::from_chars(digits, digits + 4, value, 16);
  if (error != std::errc() || end != digits + 4) return std::nullopt;
  std::size_t backslashes = 0;
  while (backslashes < at && text[at - 1 - backslashes] == '\\') ++backslashes;
  return backslashes % 2 == 0 ? std::optional(value) : std::nullopt;  // or the backslash is one
}

bool is_high(unsigned value) {
  return value >= 0xd800 && value < 0xdc00;
}
bool is_low(unsigned value) {
  return value >= 0xdc00 && value < 0xe000;
}

// The parser says of most faults that they are syntax. What people stumble over is told; empty for
// all else.
std::string known_problem(std::string_view text, std::size_t stopped) {
  if (text.starts_with("\xef\xbb\xbf"))
    return "it begins with a byte order mark (EF BB BF); send UTF-8 without one";
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff"))
    return "it begins with the byte order mark of UTF-16; send UTF-8";
  for (std::size_t at = stopped - std::min(stopped, 2 * kEscapeBytes); at <= stopped; ++at) {
    const auto escape = escape_at(text, at);
    if (!escape || (!is_high(*escape) && !is_low(*escape))) continue;
    const auto next = escape_at(text, at + kEscapeBytes);
    const auto last = at < kEscapeBytes ? std::nullopt : escape_at(text, at - kEscapeBytes);
    if (is_high(*escape) && next && is_low(*next)) {
      at += 2 * kEscapeBytes - 1;
      continue;
    }
    if (is_low(*escape) && last && is_high(*last))
      continue;  // a pair's, whose first is further off
    return "the escape " + std::string(text.substr(at, kEscapeBytes)) +
           " is a lone surrogate, which is no character: its other half is missing";
  }
  const auto byte = [&](std::size_t at) {
    return at < text.size() ? static_cast<unsigned char>(text[at]) : 0u;
  };
  if (byte(stopped) == 0xed && byte(stopped + 1) >= 0xa0)
    return "it holds a lone surrogate, encoded as if it were a character; this is no UTF-8";
  if (byte(stopped) >= 0x80) return "it is no UTF-8";
  return {};
}

}  // namespace

Document::Document(std::string_view text, std::string root_path, std::size_t depth_max)
    : root_path_(std::move(root_path)) {
  bj::parse_options options;
  options.max_depth = depth_max;
  bj::basic_parser<Handler> parser(options);
  parser.handler().stack.reset();
  bj::error_code ec;
  const std::size_t consumed = parser.write_some(false, text.data(), text.size(), ec);
  if (!ec && consumed < text.size()) {
    const auto rest = text.find_first_not_of(" \t\r\n", consumed);
    if (rest != std::string_view::npos) ec = bj::error::extra_data;
  }
  if (ec) {
    std::string problem = parser.handler().problem;
    if (problem.empty()) problem = known_problem(text, consumed);
    throw Error(ErrorCode::kInvalid,
                (root_path_.empty() ? "" : "'" + root_path_ + "' is ") +
                    "malformed JSON near byte " + std::to_string(consumed) + ": " +
                    (problem.empty() ? ec.message() : problem),
                root_path_);
  }
  value_ = std::make_unique<bj::value>(parser.handler().stack.release());
}

Document::~Document() = default;
Document::Document(Document&&) noexcept = default;
Document& Document::operator=(Document&&) noexcept = default;

Node Document::root() const {
  return Node(value_.get(), root_path_);
}

}  // namespace sanctum::json
