// config.json and generation_config.json of what is imported.
#pragma once

#include <map>
#include <string>

#include "gguf/architecture.h"
#include "gguf/reader.h"
#include "gguf/token_roles.h"

namespace sanctum::gguf {

inline constexpr int kLayersMax = 1024;
inline constexpr int kHeadsMax = 1024;
inline constexpr std::int64_t kWidthMax = 1 << 24;  // features

// What the order of a tensor's rows depends on.
struct Shape {
  int layers = 0, heads = 0, kv_heads = 0, head_size = 0;
};
// Throws Error(kInvalid) naming the key that is missing or wrong.
Shape read_shape(const Metadata& metadata, const Architecture& architecture);

// `bits` of each module that is quantized, by its path. Throws Error(kInvalid) naming the key that
// is missing, wrong, or asks for what config.json cannot say.
std::string config_json(const Source& source, const Header& header,
                        const Architecture& architecture, const Shape& shape,
                        const TokenRoles& roles, const std::map<std::string, int>& bits);
std::string generation_config_json(const TokenRoles& roles);

}  // namespace sanctum::gguf
