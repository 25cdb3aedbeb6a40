#include "gateway/openapi.h"

#include "gateway/described_limits.h"

namespace sanctum::gateway {
namespace {

struct DescribedGet {
  std::string_view path, what;
};
constexpr DescribedGet kGets[] = {
    {"/v1/models", "what is served"},
    {"/v1/models/{model}", "one of them"},
    {"/health", "200: the process answers"},
    {"/ready", "200: every model that was loaded was proven to answer rightly; else 503"},
    {"/status", "everything that the server knows of itself"},
    {"/metrics", "the same for Prometheus, as text"},
};

void write_field(json::Writer& w, const Field& field) {
  w.key(field.name).begin_object();
  w.field("description", field.means);
  if (field.what == FieldClass::kHint) w.field("x-sanctum-ignored", true);
  if (field.what == FieldClass::kNeutral) {
    w.key("enum").raw(field.neutral);
  } else if (field.what == FieldClass::kHonoured) {
    const json::Document schema(field.schema);
    for (const auto& [name, node] : schema.root().members()) w.key(name).raw(node.dump());
  }
  w.end_object();
}

// A null stands for nothing at all, which a schema need not say.
void write_table(json::Writer& w, const ObjectFields& table) {
  w.key(table.name).begin_object().field("type", "object").key("properties").begin_object();
  for (const FieldRows rows : table.rows)
    for (const Field& field : rows) write_field(w, field);
  w.end_object().key("required").begin_array();
  for (const FieldRows rows : table.rows)
    for (const Field& field : rows)
      if (field.required) w.value(field.name);
  w.end_array().field("additionalProperties", table.others_are_hints).end_object();
}

void write_responses(json::Writer& w, bool may_stream) {
  w.key("responses").begin_object().key("200").begin_object();
  w.field("description", "the answer").key("content").begin_object();
  w.key("application/json").begin_object().end_object();
  if (may_stream) w.key("text/event-stream").begin_object().end_object();
  w.end_object().end_object().key("default").begin_object();
  w.field("description", "what is wrong, and where").key("content").begin_object();
  w.key("application/json").begin_object().end_object().end_object().end_object().end_object();
}

void write_post(json::Writer& w, const DescribedPost& post) {
  w.key(post.path).begin_object().key("post").begin_object().field("summary", post.what);
  w.key("requestBody").begin_object().field("required", true).key("content").begin_object();
  w.key("application/json").begin_object().key("schema").begin_object();
  w.field("$ref", "#/components/schemas/" + std::string(post.body->name));
  w.end_object().end_object().end_object().end_object();
  write_responses(w, true);
  w.end_object().end_object();
}

void write_get(json::Writer& w, const DescribedGet& get) {
  w.key(get.path).begin_object().key("get").begin_object().field("summary", get.what);
  if (get.path.ends_with("{model}")) {
    w.key("parameters").begin_array().begin_object().field("name", "model").field("in", "path");
    w.field("required", true).key("schema").begin_object().field("type", "string").end_object();
    w.end_object().end_array();
  }
  write_responses(w, false);
  w.end_object().end_object();
}

std::string word_of(const Field& field) {
  switch (field.what) {
    case FieldClass::kHonoured:
      return "honoured";
    case FieldClass::kNeutral:
      return "only " + std::string(field.neutral);
    case FieldClass::kHint:
      return "ignored";
  }
  return {};
}

std::string table_page(const ObjectFields& table) {
  std::string page = "\n### " + std::string(table.name) + "\n\nOther fields are " +
                     (table.others_are_hints ? "ignored" : "refused") +
                     ".\n\n| field | | what it means |\n|---|---|---|\n";
  for (const FieldRows rows : table.rows)
    for (const Field& field : rows)
      page += "| `" + std::string(field.name) + "` | " + word_of(field) + " | " +
              std::string(field.means) + " |\n";
  return page;
}

}  // namespace

std::string openapi_document(std::span<const DescribedPost> posts,
                             std::span<const FieldGroup> groups) {
  json::Writer w;
  w.begin_object().field("openapi", "3.1.0").key("info").begin_object();
  w.field("title", "Sanctum").field("version", SANCTUM_VERSION).end_object();
  w.key("servers").begin_array().begin_object().field("url", "/").end_object().end_array();
  w.key("paths").begin_object();
  for (const auto& post : posts) write_post(w, post);
  for (const auto& get : kGets) write_get(w, get);
  w.end_object().key("components").begin_object().key("schemas").begin_object();
  for (const auto& group : groups)
    for (const auto* table : group.tables) write_table(w, *table);
  w.end_object().end_object().end_object();
  return w.take();
}

std::string fields_page(std::span<const FieldGroup> groups) {
  std::string page =
      "# Fields of a request\n"
      "\n"
      "`sanctum serve --fields` prints this page from the tables by which requests are read;\n"
      "`/openapi.json` has them too.\n"
      "\n"
      "- **honoured**: the answer is made so.\n"
      "- **only [...]**: these values mean what happens anyway; another one is refused with a "
      "400,\n"
      "  because to ignore it would give another answer than was asked for.\n"
      "- **ignored**: it cannot change the answer. The answer's header `X-Sanctum-Ignored` and "
      "the\n"
      "  journal name it; `--strict-fields on` refuses it.\n"
      "\n"
      "`null` is as good as nothing.\n";
  for (const auto& group : groups) {
    page += "\n## " + std::string(group.title) + "\n";
    for (const auto* table : group.tables) page += table_page(*table);
  }
  return page + limits_section();
}

}  // namespace sanctum::gateway
