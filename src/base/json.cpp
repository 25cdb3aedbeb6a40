#include "base/json.h"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <charconv>
#include <cmath>

#include "base/error.h"

namespace sanctum::json {
namespace {

namespace bj = boost::json;

std::string child(const std::string& path, std::string_view key) {
  return path.empty() ? std::string(key) : path + "." + std::string(key);
}

}  // namespace

bool Node::is_null() const {
  return value_->is_null();
}
bool Node::is_string() const {
  return value_->is_string();
}
bool Node::is_bool() const {
  return value_->is_bool();
}
bool Node::is_number() const {
  return value_->is_number();
}
bool Node::is_array() const {
  return value_->is_array();
}
bool Node::is_object() const {
  return value_->is_object();
}

std::string_view Node::kind() const {
  switch (value_->kind()) {
    case bj::kind::null:
      return "null";
    case bj::kind::bool_:
      return "a boolean";
    case bj::kind::int64:
    case bj::kind::uint64:
      return "an integer";
    case bj::kind::double_:
      return "a number";
    case bj::kind::string:
      return "a string";
    case bj::kind::array:
      return "an array";
    case bj::kind::object:
      return "an object";
  }
  return "something else";
}

void Node::fail(const std::string& message) const {
  throw Error(ErrorCode::kInvalid,
              (path_.empty() ? "the document" : "'" + path_ + "'") + " " + message, path_);
}

const std::string Node::as_string() const {
  if (!is_string()) fail("must be a string, not " + std::string(kind()));
  const auto& s = value_->get_string();
  return std::string(s.data(), s.size());
}

bool Node::as_bool() const {
  if (!is_bool()) fail("must be a boolean, not " + std::string(kind()));
  return value_->get_bool();
}

std::int64_t Node::as_int(std::int64_t low, std::int64_t high) const {
  std::int64_t found = 0;
  if (value_->is_int64()) {
    found = value_->get_int64();
  } else if (value_->is_uint64()) {
    fail("must be at most " + std::to_string(high));
  } else if (value_->is_double() && std::trunc(value_->get_double()) == value_->get_double() &&
             std::abs(value_->get_double()) < 9e15) {
    found = static_cast<std::int64_t>(value_->get_double());  // 3.0 is the integer 3
  } else {
    fail("must be an integer, not " + std::string(kind()));
  }
  if (found < low) fail("must be at least " + std::to_string(low));
  if (found > high) fail("must be at most " + std::to_string(high));
  return found;
}

std::uint64_t Node::as_uint64() const {
  if (value_->is_uint64()) return value_->get_uint64();
  return static_cast<std::uint64_t>(as_int(0));
}

double Node::as_double(double low, double high) const {
  if (!is_number()) fail("must be a number, not " + std::string(kind()));
  const double found = value_->to_number<double>();
  if (!std::isfinite(found)) fail("must be a finite number");
  if (found < low) fail("must be at least " + number(low));
  if (found > high) fail("must be at most " + number(high));
  return found;
}

std::vector<Node> Node::as_array(std::size_t size_max) const {
  if (!is_array()) fail("must be an array, not " + std::string(kind()));
  const auto& array = value_->get_array();
  if (array.size() > size_max) {
    fail("must have at most " + std::to_string(size_max) + " items, not " +
         std::to_string(array.size()));
  }
  std::vector<Node> nodes;
  nodes.reserve(array.size());
  for (std::size_t i = 0; i < array.size(); ++i) {
    nodes.emplace_back(&array[i], path_ + "[" + std::to_string(i) + "]");
  }
  return nodes;
}

std::optional<Node> Node::get(std::string_view key) const {
  if (!is_object()) fail("must be an object, not " + std::string(kind()));
  const auto* found = value_->get_object().if_contains(bj::string_view(key.data(), key.size()));
  if (found == nullptr || found->is_null()) return std::nullopt;
  return Node(found, child(path_, key));
}

Node Node::at(std::string_view key) const {
  auto found = get(key);
  if (!found) {
    throw Error(ErrorCode::kInvalid, "'" + child(path_, key) + "' is required", child(path_, key));
  }
  return *found;
}

bool Node::has(std::string_view key) const {
  return get(key).has_value();
}

std::vector<std::pair<std::string, Node>> Node::members() const {
  if (!is_object()) fail("must be an object, not " + std::string(kind()));
  std::vector<std::pair<std::string, Node>> out;
  for (const auto& member : value_->get_object()) {
    std::string key(member.key().data(), member.key().size());
    Node node(&member.value(), child(path_, key));
    out.emplace_back(std::move(key), std::move(node));
  }
  return out;
}

void Node::only(std::initializer_list<std::string_view> known,
                std::span<const std::string_view> more) const {
  for (const auto& [key, node] : members()) {
    bool found = false;
    for (std::string_view name : known) found = found || name == key;
    for (std::string_view name : more) found = found || name == key;
    if (!found) node.fail("is not supported");
  }
}

std::string Node::as_string_or(std::string_view key, std::string_view fallback) const {
  const auto node = get(key);
  return node ? node->as_string() : std::string(fallback);
}
bool Node::as_bool_or(std::string_view key, bool fallback) const {
  const auto node = get(key);
  return node ? node->as_bool() : fallback;
}
std::int64_t Node::as_int_or(std::string_view key, std::int64_t fallback) const {
  const auto node = get(key);
  return node ? node->as_int() : fallback;
}
double Node::as_double_or(std::string_view key, double fallback) const {
  const auto node = get(key);
  return node ? node->as_double() : fallback;
}

std::string Node::dump() const {
  return bj::serialize(*value_);
}

}  // namespace sanctum::json
