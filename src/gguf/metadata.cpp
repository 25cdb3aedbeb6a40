#include "gguf/metadata.h"

#include <cmath>
#include <limits>

#include "base/error.h"

namespace sanctum::gguf {
namespace {

template <class T>
void shorten_one(Value& value, std::size_t length) {
  auto* array = std::get_if<std::vector<T>>(&value);
  if (array != nullptr && array->size() > length) array->resize(length);
}

}  // namespace

const Value* Metadata::find(std::string_view key) const {
  const auto found = values_.find(key);
  return found == values_.end() ? nullptr : &found->second;
}

void Metadata::copy(std::string_view from, const std::string& to) {
  if (const Value* value = find(from)) add(to, *value);
}

void Metadata::rename_beginnings(const std::string& from, const std::string& to) {
  for (auto at = values_.lower_bound(from); at != values_.end() && at->first.starts_with(from);) {
    auto taken = values_.extract(at++);
    taken.key().replace(0, from.size(), to);
    values_.insert(std::move(taken));
  }
}

void Metadata::shorten(std::string_view key, std::size_t length) {
  const auto found = values_.find(key);
  if (found == values_.end()) return;
  shorten_one<std::string>(found->second, length);
  shorten_one<std::int64_t>(found->second, length);
  shorten_one<double>(found->second, length);
}

void Metadata::fail(std::string_view key, const std::string& message) const {
  throw Error(ErrorCode::kInvalid, file_ + ": its metadata's " + std::string(key) + " " + message,
              std::string(key));
}

template <class T>
const T& Metadata::of(std::string_view key, const char* kind) const {
  const Value* value = find(key);
  if (value == nullptr) fail(key, "is missing");
  const T* typed = std::get_if<T>(value);
  if (typed == nullptr) fail(key, std::string("is not ") + kind);
  return *typed;
}

const std::string& Metadata::string(std::string_view key) const {
  return of<std::string>(key, "a string");
}

std::string Metadata::string_or(std::string_view key, const std::string& fallback) const {
  return has(key) ? string(key) : fallback;
}

bool Metadata::flag_or(std::string_view key, bool fallback) const {
  return has(key) ? of<bool>(key, "true or false") : fallback;
}

std::optional<std::vector<bool>> Metadata::flags_if(std::string_view key) const {
  const Value* value = find(key);
  const auto* flags = value == nullptr ? nullptr : std::get_if<std::vector<bool>>(value);
  return flags == nullptr ? std::nullopt : std::optional<std::vector<bool>>(*flags);
}

std::optional<std::int64_t> Metadata::integer_if(std::string_view key, std::int64_t low,
                                                 std::int64_t high) const {
  return has(key) ? std::optional(integer(key, low, high)) : std::nullopt;
}

std::int64_t Metadata::integer(std::string_view key, std::int64_t low, std::int64_t high) const {
  const Value* value = find(key);
  if (value == nullptr) fail(key, "is missing");
  std::int64_t number = 0;
  if (const auto* is_signed = std::get_if<std::int64_t>(value)) {
    number = *is_signed;
  } else if (const auto* is_unsigned = std::get_if<std::uint64_t>(value)) {
    constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
    number = *is_unsigned > static_cast<std::uint64_t>(kMost)
                 ? kMost
                 : static_cast<std::int64_t>(*is_unsigned);
  } else {
    fail(key, "is not a whole number");
  }
  if (number < low || number > high)
    fail(key, "is " + std::to_string(number) + "; from " + std::to_string(low) + " to " +
                  std::to_string(high) + " is supported");
  return number;
}

std::int64_t Metadata::same_for_every_layer(std::string_view key, std::int64_t low,
                                            std::int64_t high) const {
  const Value* value = find(key);
  if (value == nullptr || !std::holds_alternative<std::vector<std::int64_t>>(*value))
    return integer(key, low, high);
  const auto& each = integers(key);
  if (each.empty()) fail(key, "is empty");
  for (const std::int64_t one : each)
    if (one != each.front()) fail(key, "differs from layer to layer, which is not supported");
  if (each.front() < low || each.front() > high)
    fail(key, "is " + std::to_string(each.front()) + "; from " + std::to_string(low) + " to " +
                  std::to_string(high) + " is supported");
  return each.front();
}

double Metadata::number(std::string_view key) const {
  const double value = of<double>(key, "a floating-point number");
  if (!std::isfinite(value)) fail(key, "is not a finite number");
  return value;
}

double Metadata::number_or(std::string_view key, double fallback) const {
  return has(key) ? number(key) : fallback;
}

const std::vector<std::string>& Metadata::strings(std::string_view key) const {
  return of<std::vector<std::string>>(key, "an array of strings");
}

const std::vector<std::int64_t>& Metadata::integers(std::string_view key) const {
  return of<std::vector<std::int64_t>>(key, "an array of whole numbers");
}

const std::vector<double>& Metadata::numbers(std::string_view key) const {
  return of<std::vector<double>>(key, "an array of floating-point numbers");
}

}  // namespace sanctum::gguf
