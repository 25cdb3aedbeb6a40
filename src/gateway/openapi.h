// What is served, as an OpenAPI 3.1 document: GET /openapi.json.
//
// Contract: request bodies are the tables that the decoders read by (fields.h); the rest is named.
// Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "gateway/fields.h"

namespace sanctum::gateway {

// POST with a body.
struct DescribedPost {
  std::string_view path, what;
  const ObjectFields* body;
};

struct FieldGroup {
  std::string_view title;
  FieldTables tables;
};
std::string openapi_document(std::span<const DescribedPost> posts,
                             std::span<const FieldGroup> groups);
// The tables, and the limits, for people: docs/fields.md.
std::string fields_page(std::span<const FieldGroup> groups);

}  // namespace sanctum::gateway
