#include "text/grammar_trial.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/error.h"
#include "text/grammar.h"
#include "text/rust_bytes.h"

namespace sanctum::text {
namespace {

constexpr std::size_t kBytes = 256;
constexpr std::size_t kIdsMax = 1u << 20;
constexpr std::size_t kNamesBytesMax = 256;  // of one "<[...]>"

// The ids that the source names, as "<[17]>" or "<[3-17]>", and 0, which ends an answer here.
std::set<std::size_t> ids_named(std::string_view source) {
  std::set<std::size_t> all{0};
  for (std::size_t at = source.find("<["); at != std::string_view::npos;
       at = source.find("<[", at + 1)) {
    std::size_t id = 0;
    for (const char c : source.substr(at + 2, kNamesBytesMax)) {
      const bool digit = c >= '0' && c <= '9';
      if (digit) id = std::min(id * 10 + static_cast<std::size_t>(c - '0'), kIdsMax);
      if (!digit) all.insert(std::exchange(id, 0));
      if (c == ']') break;
    }
  }
  return all;
}

// Bytes are tokens, behind those that a source may name: what its lexemes cost does not depend on a
// model's words.
struct Bytes {
  std::set<std::size_t> named;
  rust::Box<rust_side::Vocabulary> rust;
};

Bytes vocabulary_of(std::set<std::size_t> named) {
  const std::size_t first = *named.rbegin() + 1;
  std::vector<std::uint8_t> bytes(kBytes);
  std::vector<std::uint32_t> offsets(first + 1, 0);
  rust::Vec<bool> special;
  for (std::size_t id = 0; id < first; ++id) special.push_back(named.contains(id));
  for (std::size_t i = 0; i < kBytes; ++i) {
    bytes[i] = static_cast<std::uint8_t>(i);
    offsets.push_back(static_cast<std::uint32_t>(i + 1));
    special.push_back(false);
  }
  const std::vector<std::uint32_t> ends{0};
  return {std::move(named),
          rust_side::make_vocabulary({bytes.data(), bytes.size()}, {offsets.data(), offsets.size()},
                                     {special.data(), special.size()}, {ends.data(), ends.size()})};
}

}  // namespace

std::uint64_t try_grammar(std::string_view source) {
  static std::optional<Bytes> known;
  try {
    std::set<std::size_t> named = ids_named(source);
    if (!known || known->named != named) known.emplace(vocabulary_of(std::move(named)));
    const std::int64_t before = rust_side::bytes_left();
    const auto grammar = known->rust->compile(bytes_of(source));
    return static_cast<std::uint64_t>(std::max<std::int64_t>(0, before - rust_side::bytes_left()));
  } catch (const rust::Error& error) {
    throw Error(ErrorCode::kInvalid, reason_of_refusal(error.what()));
  }
}

}  // namespace sanctum::text
