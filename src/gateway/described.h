// What all dialects take: for /openapi.json and docs/fields.md. A dialect is one row of each.
#pragma once

#include <span>

#include "gateway/openapi.h"

namespace sanctum::gateway {

std::span<const DescribedPost> described_posts();
std::span<const FieldGroup> field_groups();

}  // namespace sanctum::gateway
