#include "catalog/import_removal.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "base/file_error.h"
#include "gguf/staging_directory.h"

namespace sanctum::catalog {
namespace fs = std::filesystem;

void remove_import(const std::string& directory) {
  const std::string aside = gguf::staging_path(directory);
  gguf::remove_staging(aside);
  std::error_code error;
  fs::rename(directory, aside, error);
  if (error)
    throw Error(ErrorCode::kUnavailable,
                "cannot remove " + directory + ": " + file_error_text(error.value()));
  gguf::remove_staging(aside);
}

std::vector<std::string> unfinished_imports(const std::string& imports) {
  std::vector<std::string> left;
  std::error_code error;
  for (fs::directory_iterator each(imports, error), end; !error && each != end;
       each.increment(error))
    if (gguf::is_staging_name(each->path().filename().string()))
      left.push_back(each->path().string());
  std::sort(left.begin(), left.end());
  std::set<std::string> with_directories;  // locks
  for (const auto& path : left)
    if (gguf::is_staging_path(path)) with_directories.insert(gguf::staging_lock_path(path));
  std::erase_if(left, [&](const auto& path) { return with_directories.contains(path); });
  return left;
}

}  // namespace sanctum::catalog
