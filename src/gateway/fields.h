// What the JSON objects that clients send may hold, in four classes. Decoders, docs/fields.md and
// /openapi.json come from these tables: a field is one row.
//
// Contract: a member is honoured; or taken where its value means what happens anyway, and refused
// with the reason elsewhere; or a hint, which cannot change the answer: it is ignored and named.
// What no row names is refused where it could change the answer, and a hint in messages and tools,
// whose makers add what they like. null counts as absent. `strict`: hints are refused too.
// Pure; thread rule: values.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "wire/messages.h"

namespace sanctum::gateway {

enum class FieldClass { kHonoured, kNeutral, kHint };

struct Field {
  std::string_view name;
  FieldClass what;
  std::string_view schema;  // JSON Schema of its values; "{}": any
  // For a person: what it does, why it is ignored, or why another value than these is refused.
  std::string_view means;
  std::string_view neutral = {};  // of kNeutral: a JSON array of what means what happens anyway
  bool required = false;
};
using FieldRows = std::span<const Field>;

struct ObjectFields {
  std::string_view name;  // "ChatRequest"
  std::array<FieldRows, 5> rows;
  bool others_are_hints = false;
};
using FieldTables = std::span<const ObjectFields* const>;

// Schemas that many rows have.
inline constexpr std::string_view kAnyValue = "{}", kBoolean = R"({"type":"boolean"})",
                                  kString = R"({"type":"string"})",
                                  kObject = R"({"type":"object"})";
inline constexpr std::string_view kTextOrParts =
    R"({"anyOf":[{"type":"string"},{"type":"array","items":{"type":"object"}}]})";
inline constexpr std::string_view kToolName =
    R"({"type":"string","pattern":"^[A-Za-z0-9_.-]{1,128}$"})";

// Whoever decodes a request notes here what it ignored.
class FieldNotes {
 public:
  explicit FieldNotes(bool strict = false) : strict_(strict) {}
  bool strict() const { return strict_; }
  // `node`, at its path. Throws Error(kInvalid) where strict.
  // `which`: of several at the same path ("[]" stands for each).
  void ignore(const json::Node& node, std::string_view why, const std::string& which = {});
  // "tools[].function.strict", each once, in the order of the request; at most kIgnoredMax, and
  // then "...". Only letters that a header may hold.
  const std::vector<std::string>& ignored() const { return ignored_; }
  std::string ignored_list() const;  // with ", " between
  static constexpr std::size_t kIgnoredMax = 24;
  static constexpr std::size_t kIgnoredBytesMax = 120;  // of each

 private:
  bool strict_;
  std::vector<std::string> ignored_;
};

// `ignored`, and what an engine says of it (wire::Accepted::ignored), as X-Sanctum-Ignored names
// them.
std::string with_more(std::string ignored, const std::vector<std::string>& more);
wire::Failure refused_by_strict_fields(const std::vector<std::string>& ignored);

// Throws Error(kInvalid) naming the first member that may not be there, or not with its value.
void check_fields(const json::Node& object, const ObjectFields& table, FieldNotes& notes);

}  // namespace sanctum::gateway
