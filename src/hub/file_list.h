// What a hub says is in a repository, and which of it a model needs. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sanctum::hub {

inline constexpr std::size_t kFilesMax = 20'000;            // of a repository
inline constexpr std::size_t kFileNameBytesMax = 1000;      // of a file's path in it
inline constexpr std::uint64_t kFileBytesMax = 4ull << 40;  // of one file

struct RemoteFile {
  std::string path;                   // as the hub spells it, with '/'
  std::optional<std::uint64_t> size;  // bytes; nothing where the list does not tell
  std::string blob;                   // SHA-256 or git's SHA-1; empty where the list does not tell
};

struct RemoteList {
  std::string commit;
  std::vector<RemoteFile> files;
};

// Of the answer to GET /api/models/ORG/NAME/revision/REVISION?blobs=true. Throws Error(kCorrupt)
// that names what of it is wrong, a file's name that leads out of its directory above all.
RemoteList read_file_list(std::string_view json);

// Whether a file may be called so below a snapshot: relative, every part a plain name.
bool is_safe_path(const std::string& path);

// The configuration, tokenizer, templates and weights in .safetensors; where `patterns` are given,
// what any of them matches and nothing else ('*' and '?' match a '/' too, "dir/" is all below it).
// Of GGUF files the only one. Throws Error(kNotFound) that says what is there instead when nothing
// is left, no weights, or several GGUF files (in lines, to choose from).
std::vector<RemoteFile> needed_files(const RemoteList& list,
                                     const std::vector<std::string>& patterns,
                                     const std::string& model);

}  // namespace sanctum::hub
