#include "nn/kv_memory.h"

#include <string>

#include "base/error.h"

namespace sanctum::nn {

std::int64_t kv_tokens_within(std::uint64_t bytes, std::uint64_t token_bytes) {
  const auto tokens = static_cast<std::int64_t>(bytes / token_bytes);
  if (tokens >= kKvTokensMin) return tokens;
  throw Error(ErrorCode::kInvalid,
              "the memory for keys and values, " + std::to_string(bytes) +
                  " bytes, is too little for this model: it needs at least " +
                  std::to_string(kKvTokensMin * token_bytes) + " (" + std::to_string(kKvTokensMin) +
                  " tokens of " + std::to_string(token_bytes) + "); --kv-bytes gives it more",
              "kv_bytes");
}

}  // namespace sanctum::nn
