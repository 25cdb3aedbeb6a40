#include "catalog/gguf_outline.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "base/file_error.h"
#include "gguf/import.h"

namespace sanctum::catalog {
namespace {

namespace fs = std::filesystem;

std::string temporary_directory() {
  std::string pattern = (fs::temp_directory_path() / "sanctum-outline-XXXXXX").string();
  if (::mkdtemp(pattern.data()) != nullptr) return pattern;
  throw Error(file_error_code(errno), "cannot make " + pattern + ": " + file_error_text(errno));
}

}  // namespace

GgufOutline::GgufOutline(const std::string& file) : file_(file), path_(temporary_directory()) {
  try {
    if (gguf::write_outline(file_, path_).left_out > 0)
      left_out_ = "its picture half, in the same file, is not read: text alone";
  } catch (...) {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
    throw;
  }
}

GgufOutline::~GgufOutline() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::string GgufOutline::as_told_of_file(std::string text) const {
  for (std::size_t at = 0; (at = text.find(path_, at)) != std::string::npos; at += file_.size()) {
    const std::size_t behind = at + path_.size();
    const bool inside = behind < text.size() && text[behind] == '/';  // one of its files
    text.replace(at, path_.size() + (inside ? 1 : 0), file_ + (inside ? ": " : ""));
  }
  return text;
}

}  // namespace sanctum::catalog
