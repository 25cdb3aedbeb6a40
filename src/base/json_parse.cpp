// Boost.JSON's tokenizer with what its DOM parser leaves out: duplicate keys are an error, and so
// are numbers that a double cannot hold.
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/src.hpp>
#include <cmath>
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
    const std::string& problem = parser.handler().problem;
    throw Error(ErrorCode::kInvalid,
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
