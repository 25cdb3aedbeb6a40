// For tests: a model in a cache, as huggingface_hub and we lay it down.
#pragma once

#include <filesystem>
#include <string>

#include "base/test_directory.h"
#include "hub/cache_layout.h"
#include "hub/content_hash.h"
#include "hub/snapshot.h"

namespace sanctum::hub {

struct TestCache {
  const TestDirectory root;
  const std::string repository = root.path("models--org--name");

  // Returns the blob's name.
  std::string add(const std::string& commit, const std::string& path, const std::string& content,
                  HashKind kind = HashKind::kGitBlob) const {
    ContentHash hash(kind, content.size());
    hash.add(content);
    const std::string blob = hash.take();
    root.write("models--org--name/blobs/" + blob, content);
    write_snapshot(repository, commit, {{path, blob}});
    return blob;
  }
  void refer(const std::string& revision, const std::string& commit) const {
    write_reference(repository, revision, commit);
  }
  std::string blob(const std::string& name) const { return blob_path(repository, name); }
};

// A whole safetensors file with one tensor of `bytes` bytes.
inline std::string test_safetensors(std::size_t bytes) {
  const std::string header = R"({"w":{"dtype":"U8","shape":[)" + std::to_string(bytes) +
                             R"(],"data_offsets":[0,)" + std::to_string(bytes) + "]}}";
  std::string file;
  for (int i = 0; i < 8; ++i) file += static_cast<char>(header.size() >> (8 * i) & 255);
  return file + header + std::string(bytes, 'w');
}

}  // namespace sanctum::hub
