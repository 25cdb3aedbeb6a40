#include "release/file_hash.h"

#include <cstdio>
#include <memory>
#include <vector>

#include "base/error.h"
#include "base/sha256.h"

namespace sanctum::release {
namespace {

constexpr std::size_t kChunkBytes = 1u << 20;

struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

}  // namespace

FileHash hash_file(const std::string& path) {
  const std::unique_ptr<std::FILE, Close> file(std::fopen(path.c_str(), "rb"));
  if (!file) throw Error(ErrorCode::kNotFound, "cannot read " + path);
  std::vector<char> chunk(kChunkBytes);
  Sha256Hash hash;
  FileHash out;
  for (std::size_t count = 1; count > 0;) {
    count = std::fread(chunk.data(), 1, chunk.size(), file.get());
    hash.add({chunk.data(), count});
    out.bytes += count;
  }
  if (std::ferror(file.get()) != 0) throw Error(ErrorCode::kNotFound, "cannot read " + path);
  out.sha256 = to_hex(hash.take());
  return out;
}

std::string hash_text(std::string_view text) {
  return to_hex(sha256(text));
}

}  // namespace sanctum::release
