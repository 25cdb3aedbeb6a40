#include "base/weight_files.h"

#include <filesystem>
#include <string_view>

#include "base/error.h"
#include "base/file.h"
#include "base/file_error.h"
#include "base/json.h"

namespace sanctum {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFilesMax = 10'000;
constexpr std::uint64_t kIndexBytesMax = 64u << 20;

[[noreturn]] void fail(const fs::path& path, const std::error_code& error) {
  throw Error(file_error_code(error.value()),
              "cannot look at " + path.string() + ": " + file_error_text(error.value()), "path");
}

bool is_there(const fs::path& path) {
  std::error_code error;
  const auto type = fs::status(path, error).type();
  if (type == fs::file_type::none) fail(path, error);
  return type != fs::file_type::not_found;
}

}  // namespace

std::set<std::string> weight_files(const std::string& directory) {
  std::set<std::string> named, all;
  std::error_code error;
  const fs::path index = fs::path(directory) / "model.safetensors.index.json";
  if (const auto text = read_file_if_there(index.string(), kIndexBytesMax)) {
    const json::Document document(*text, index.filename().string());
    for (const auto& [tensor, file] : document.root().at("weight_map").members()) {
      const std::string shard = file.as_string();
      if (shard.find_first_of(std::string_view("/\0", 2)) != std::string::npos)
        file.fail("must be a file name without a directory");
      if (!is_there(fs::path(directory) / shard))
        throw Error(ErrorCode::kNotFound,
                    directory + "/" + shard + " is missing, which " + index.filename().string() +
                        " names: its download is incomplete; the same download again goes on",
                    "path");
      named.insert((fs::path(directory) / shard).string());
    }
  } else {
    for (fs::directory_iterator each(directory, error), end;
         !error && each != end && all.size() < kFilesMax; each.increment(error)) {
      if (each->path().extension() != ".safetensors") continue;
      all.insert(each->path().string());
      if (each->path().filename().string().starts_with("model"))
        named.insert(each->path().string());
    }
    if (error) fail(directory, error);
  }
  if (named.empty() && all.empty())
    throw Error(ErrorCode::kNotFound, "no .safetensors files in " + directory, "path");
  return named.empty() ? all : named;
}

}  // namespace sanctum
