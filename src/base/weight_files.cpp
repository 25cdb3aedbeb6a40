#include "base/weight_files.h"

#include <filesystem>
#include <string_view>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"

namespace sanctum {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFilesMax = 10'000;
constexpr std::uint64_t kIndexBytesMax = 64u << 20;

}  // namespace

std::set<std::string> weight_files(const std::string& directory) {
  std::set<std::string> named, all;
  std::error_code error;
  const fs::path index = fs::path(directory) / "model.safetensors.index.json";
  if (fs::exists(index, error)) {
    const json::Document document(read_file(index.string(), kIndexBytesMax),
                                  index.filename().string());
    for (const auto& [tensor, file] : document.root().at("weight_map").members()) {
      const std::string shard = file.as_string();
      if (shard.find_first_of(std::string_view("/\0", 2)) != std::string::npos)
        file.fail("must be a file name without a directory");
      if (!fs::exists(fs::path(directory) / shard, error))
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
  }
  if (named.empty() && all.empty())
    throw Error(ErrorCode::kNotFound, "no .safetensors files in " + directory, "path");
  return named.empty() ? all : named;
}

}  // namespace sanctum
