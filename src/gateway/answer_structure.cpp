#include "gateway/answer_structure.h"

#include <optional>

#include "gateway/openai_fields.h"

namespace sanctum::gateway {
namespace {

using wire::Structure;
using wire::StructureKind;

Structure limited(StructureKind kind, std::string text, const json::Node& node) {
  if (text.size() > wire::kStructureBytesMax)
    node.fail("must have at most " + std::to_string(wire::kStructureBytesMax) + " bytes");
  return {kind, std::move(text), false};
}

// A schema: an object, or a boolean; some clients send it as text.
Structure of_schema(const json::Node& node) {
  if (node.is_string()) {
    const json::Document document(node.as_string(), node.path());
    return of_schema(document.root());
  }
  if (!node.is_object() && !node.is_bool())
    node.fail("must be a JSON schema, an object, not " + std::string(node.kind()));
  if (node.is_bool()) node.fail("must be an object: a schema that is true or false binds nothing");
  return limited(StructureKind::kJsonSchema, node.dump(), node);
}

Structure of_regex(const json::Node& node) {
  return limited(StructureKind::kRegex, node.as_string(), node);
}

Structure of_choice(const json::Node& node) {
  const auto choices = node.as_array(wire::kChoicesMax);
  if (choices.empty()) node.fail("must not be empty");
  for (const auto& choice : choices)
    if (choice.as_string().empty()) choice.fail("must not be empty");
  return limited(StructureKind::kChoice, node.dump(), node);
}

Structure of_grammar(const json::Node& node) {
  return limited(StructureKind::kLark, node.as_string(), node);
}

std::optional<Structure> of_format(const json::Node& format, FieldNotes& notes) {
  check_fields(format, kResponseFormatFields, notes);
  const json::Node type = format.at("type");
  const std::string name = type.as_string();
  if (name == "text") return std::nullopt;
  if (name == "json_object") {
    if (const auto schema = format.get("schema")) return of_schema(*schema);
    return Structure{StructureKind::kJsonObject, {}, false};
  }
  if (name != "json_schema")
    type.fail("must be \"text\", \"json_object\" or \"json_schema\", not \"" + name + "\"");
  const json::Node told = format.at("json_schema");
  check_fields(told, kJsonSchemaFields, notes);
  if (const auto schema = told.get("schema")) return of_schema(*schema);
  return Structure{StructureKind::kJsonObject, {}, false};
}

struct Spelling {
  std::string_view guided, structured;  // vLLM's older name, and the member of structured_outputs
  Structure (*read)(const json::Node& node);
};
constexpr Spelling kSpellings[] = {{"guided_json", "json", of_schema},
                                   {"guided_regex", "regex", of_regex},
                                   {"guided_choice", "choice", of_choice},
                                   {"guided_grammar", "grammar", of_grammar}};

}  // namespace

Structure read_schema_format(const json::Node& format) {
  const json::Node type = format.at("type");
  if (type.as_string() != "json_schema") type.fail("must be \"json_schema\"");
  return of_schema(format.at("schema"));
}

Structure read_structure(const json::Node& root, FieldNotes& notes, std::string& name) {
  std::optional<Structure> found;
  const auto take = [&](const json::Node& node, Structure structure) {
    if (found) node.fail("cannot be given together with '" + name + "'");
    found = std::move(structure);
    name = node.path();
  };
  if (const auto format = root.get("response_format"))
    if (auto structure = of_format(*format, notes)) take(*format, std::move(*structure));
  const auto structured = root.get("structured_outputs");
  if (structured) check_fields(*structured, kStructuredOutputsFields, notes);
  for (const Spelling& spelling : kSpellings) {
    if (const auto node = root.get(spelling.guided)) take(*node, spelling.read(*node));
    if (!structured) continue;
    if (const auto node = structured->get(spelling.structured)) take(*node, spelling.read(*node));
  }
  return found.value_or(Structure{});
}

}  // namespace sanctum::gateway
