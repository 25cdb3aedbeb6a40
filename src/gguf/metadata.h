// The key-value pairs of a GGUF file.
//
// Contract: a getter throws Error(kInvalid) with `field` set to the key, naming the file, the key
// and what was expected, for a value of another type or out of range; of a key that is missing too,
// where it has no fallback. Values; no shared state.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace sanctum::gguf {

struct Skipped {};  // an array of arrays: nothing that we ask for is one
using Value =
    std::variant<Skipped, bool, std::int64_t, std::uint64_t, double, std::string, std::vector<bool>,
                 std::vector<std::int64_t>, std::vector<double>, std::vector<std::string>>;

class Metadata {
 public:
  explicit Metadata(std::string file) : file_(std::move(file)) {}

  // False for a key that is there already.
  bool add(std::string key, Value value) {
    return values_.emplace(std::move(key), std::move(value)).second;
  }
  bool has(std::string_view key) const { return find(key) != nullptr; }
  // For what a maker writes in words of its own (ollama_header.h).
  void set(std::string key, Value value) { values_[std::move(key)] = std::move(value); }
  // The value of `from` counts as that of `to`, too, where that is missing.
  void copy(std::string_view from, const std::string& to);
  // Keys that begin with `from` begin with `to` instead, but for those that are there.
  void rename_beginnings(const std::string& from, const std::string& to);
  // Leaves the first `length` of an array of strings or numbers that has more.
  void shorten(std::string_view key, std::size_t length);

  const std::string& string(std::string_view key) const;
  std::string string_or(std::string_view key, const std::string& fallback) const;
  bool flag_or(std::string_view key, bool fallback) const;
  // Nothing for what is no array of true and false, too.
  std::optional<std::vector<bool>> flags_if(std::string_view key) const;
  // Inclusive bounds.
  std::int64_t integer(std::string_view key, std::int64_t low, std::int64_t high) const;
  std::optional<std::int64_t> integer_if(std::string_view key, std::int64_t low,
                                         std::int64_t high) const;
  // One number, or an array of one for each layer: then they have to be equal.
  std::int64_t same_for_every_layer(std::string_view key, std::int64_t low,
                                    std::int64_t high) const;
  double number(std::string_view key) const;
  double number_or(std::string_view key, double fallback) const;
  const std::vector<std::string>& strings(std::string_view key) const;
  const std::vector<std::int64_t>& integers(std::string_view key) const;
  const std::vector<double>& numbers(std::string_view key) const;

  [[noreturn]] void fail(std::string_view key, const std::string& message) const;
  const std::string& file() const { return file_; }

 private:
  const Value* find(std::string_view key) const;
  template <class T>
  const T& of(std::string_view key, const char* kind) const;

  std::string file_;
  std::map<std::string, Value, std::less<>> values_;
};

}  // namespace sanctum::gguf
