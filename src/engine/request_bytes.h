// How many bytes the engine holds for requests that have not ended, and how many it may.
//
// Pure; whoever counts has the lock.
#pragma once

#include <cstdint>

#include "engine/sequence.h"
#include "wire/messages.h"

namespace sanctum::engine {

// Of all requests that are not reserved: their texts, the files and pixels of their pictures.
inline constexpr std::uint64_t kRequestBytesMax = 1ull << 30;

inline std::uint64_t text_bytes(const wire::GenerateRequest& request) {
  return request.messages_json.size() + request.tools_json.size() +
         request.template_options_json.size() + (request.prompt ? request.prompt->size() : 0) +
         (request.prompt_ids.size() + request.resume_ids.size()) * sizeof(int);
}

inline std::uint64_t bytes_of(const wire::GenerateRequest& request) {
  std::uint64_t bytes = text_bytes(request);
  for (const std::string& file : request.images) bytes += file.size();
  return bytes;
}

// What stays until the answer ends: a sequence that lost its cache reads its pictures again.
inline std::uint64_t bytes_of(const Sequence& sequence) {
  std::uint64_t bytes = sequence.prompt.tokens.size() * (sizeof(int) + sizeof(nn::Position));
  for (const auto& image : sequence.prompt.images) bytes += image.picture->bytes();
  return bytes;
}

}  // namespace sanctum::engine
