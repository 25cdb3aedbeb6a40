#include "gateway/fields.h"

#include <algorithm>

#include "base/joined.h"
#include "base/nearest.h"

namespace sanctum::gateway {
namespace {

const Field* row_of(const ObjectFields& table, std::string_view name) {
  for (const FieldRows rows : table.rows)
    for (const Field& field : rows)
      if (field.name == name) return &field;
  return nullptr;
}

// 1 and 1.0 are one number.
bool is_same(const json::Node& a, const json::Node& b) {
  if (a.is_number() && b.is_number()) return a.as_double() == b.as_double();
  return a.dump() == b.dump();
}

bool is_among(const json::Node& node, std::string_view values) {
  const json::Document document(values);
  const auto all = document.root().as_array();
  return std::any_of(all.begin(), all.end(), [&](const auto& one) { return is_same(node, one); });
}

// Nothing that a header may not hold.
std::string shown(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, FieldNotes::kIgnoredBytesMax)) {
    const auto letter = static_cast<unsigned char>(c);
    out += letter >= ' ' && letter < 0x7f && c != ',' ? c : '?';
  }
  return out;
}

// "[]" for "[12]", and nothing that a header may not hold.
std::string shown_path(const std::string& path) {
  std::string shown;
  bool inside = false;
  for (const char c : path) {
    const bool closes = c == ']';
    if (inside && !closes) continue;
    inside = c == '[';
    const auto letter = static_cast<unsigned char>(c);
    shown += letter > ' ' && letter < 0x7f && c != ',' ? c : '?';
    if (shown.size() == FieldNotes::kIgnoredBytesMax) break;
  }
  return shown;
}

}  // namespace

void FieldNotes::ignore(const json::Node& node, std::string_view why, const std::string& which) {
  if (strict_) node.fail("is ignored, which --strict-fields refuses: " + std::string(why));
  if (ignored_.size() > kIgnoredMax) return;
  std::string path = ignored_.size() < kIgnoredMax
                         ? shown_path(node.path()) + (which.empty() ? "" : " " + shown(which))
                         : "...";
  if (std::find(ignored_.begin(), ignored_.end(), path) == ignored_.end())
    ignored_.push_back(std::move(path));
}

std::string with_more(std::string ignored, const std::vector<std::string>& more) {
  for (const auto& one : more) ignored += (ignored.empty() ? "" : ", ") + shown(one);
  return ignored;
}

wire::Failure refused_by_strict_fields(const std::vector<std::string>& ignored) {
  return {
      ErrorCode::kInvalid,
      "the request holds what is ignored, which --strict-fields refuses: " + with_more({}, ignored),
      {}};
}

std::string FieldNotes::ignored_list() const {
  return joined(ignored_);
}

namespace {

std::vector<std::string> names_of(const ObjectFields& table) {
  std::vector<std::string> names;
  for (const FieldRows rows : table.rows)
    for (const Field& field : rows)
      if (field.what == FieldClass::kHonoured) names.emplace_back(field.name);
  return names;
}

}  // namespace

void check_fields(const json::Node& object, const ObjectFields& table, FieldNotes& notes) {
  for (const auto& [name, node] : object.members()) {
    if (node.is_null()) continue;
    const Field* field = row_of(table, name);
    if (field == nullptr) {
      if (!table.others_are_hints)
        node.fail("is not supported" + did_you_mean(name, names_of(table)));
      notes.ignore(node, "nothing is known of it");
    } else if (field->what == FieldClass::kHint) {
      notes.ignore(node, field->means);
    } else if (field->what == FieldClass::kNeutral && !is_among(node, field->neutral)) {
      node.fail(std::string(field->means));
    }
  }
}

}  // namespace sanctum::gateway
