#include "gguf/token_roles.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/error.h"

namespace sanctum::gguf {
namespace {

constexpr std::array<std::string_view, 7> kTurnEnds{
    "<|eot_id|>", "<|im_end|>", "<|end|>", "<end_of_turn>", "<|eom_id|>", "<|return|>", "<|call|>"};
constexpr std::int32_t kControl = 3, kUserDefined = 4;

void add(std::vector<int>& ids, int id) {
  if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
}

}  // namespace

TokenRoles token_roles(const Metadata& metadata, bool bos_by_default) {
  const auto& tokens = metadata.strings("tokenizer.ggml.tokens");
  const auto id = [&](const char* role) -> std::optional<int> {
    const std::string key = std::string("tokenizer.ggml.") + role + "_token_id";
    const auto found = metadata.integer_if(key, 0, static_cast<std::int64_t>(tokens.size()) - 1);
    return found ? std::optional(static_cast<int>(*found)) : std::nullopt;
  };
  const auto id_or_none = [&](const char* role) -> std::optional<int> {
    try {
      return id(role);
    } catch (const Error&) {
      return std::nullopt;
    }
  };
  TokenRoles roles;
  roles.bos = id("bos");
  roles.unknown = id_or_none("unknown");
  roles.padding = id_or_none("padding");
  roles.add_bos = roles.bos && metadata.flag_or("tokenizer.ggml.add_bos_token", bos_by_default);
  for (const char* role : {"eos", "eot", "eom"})
    if (const auto end = id(role)) add(roles.ends, *end);
  roles.add_eos =
      !roles.ends.empty() && id("eos") && metadata.flag_or("tokenizer.ggml.add_eos_token", false);
  const auto& kinds = metadata.integers("tokenizer.ggml.token_type");
  std::vector<int> by_name;
  bool harmony = false;  // there <|end|> ends a message, and another one follows
  for (std::size_t i = 0; i < tokens.size() && i < kinds.size(); ++i) {
    if (kinds[i] != kControl && kinds[i] != kUserDefined) continue;
    harmony = harmony || tokens[i] == "<|return|>";
    if (std::find(kTurnEnds.begin(), kTurnEnds.end(), tokens[i]) != kTurnEnds.end())
      by_name.push_back(static_cast<int>(i));
  }
  for (const int end : by_name)
    if (!harmony || tokens[static_cast<std::size_t>(end)] != "<|end|>") add(roles.ends, end);
  return roles;
}

}  // namespace sanctum::gguf
