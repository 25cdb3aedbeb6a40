#include "catalog/import_removal.h"

#include <filesystem>

#include "base/file_error.h"
#include "gguf/staging_directory.h"

namespace sanctum::catalog {
namespace {

namespace fs = std::filesystem;

void refuse(const std::string& path, const std::error_code& error) {
  if (error)
    throw Error(ErrorCode::kUnavailable,
                "cannot remove " + path + ": " + file_error_text(error.value()));
}

}  // namespace

void remove_import(const std::string& directory) {
  const std::string aside = gguf::staging_path(directory);
  remove_unfinished(aside);
  std::error_code error;
  fs::rename(directory, aside, error);
  refuse(directory, error);
  remove_unfinished(aside);
}

std::vector<std::string> unfinished_imports(const std::string& imports) {
  std::vector<std::string> left;
  std::error_code error;
  for (fs::directory_iterator each(imports, error), end; !error && each != end;
       each.increment(error))
    if (gguf::is_staging_name(each->path().filename().string()))
      left.push_back(each->path().string());
  return left;
}

void remove_unfinished(const std::string& path) {
  std::error_code error;
  fs::remove_all(path, error);
  refuse(path, error);
}

}  // namespace sanctum::catalog
