// What a blob is called: the ETag of its file, which for the hub's own files is their hash.
#pragma once

#include <string>
#include <string_view>

namespace sanctum::hub {

// Of an ETag or X-Linked-Etag header: without W/ and quotes, as huggingface_hub has it.
std::string normalized_etag(std::string_view header);

// Whether a blob may be called so: letters, digits, '-', '_', '.', and no hidden or partial file.
bool is_blob_name(const std::string& name);

enum class HashKind {
  kSha256,   // of a large file (LFS), 64 digits
  kGitBlob,  // of a small one: git's SHA-1 of "blob LENGTH\0" and its bytes, 40 digits
  kNone,     // another server's ETag, which says nothing of the content
};
HashKind hash_kind(const std::string& blob_name);

}  // namespace sanctum::hub
