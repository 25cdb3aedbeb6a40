#include "catalog/gguf_outline.h"

#include "base/error.h"
#include "gguf/import.h"

namespace sanctum::catalog {

GgufOutline::GgufOutline(const std::string& file) : file_(file) {
  std::string why;  // there is no room for it
  for (const auto& directory : temporary_directories()) {
    try {
      place_ = std::make_unique<OutlinePlace>(directory);
      if (gguf::write_outline(file_, path()).left_out > 0)
        left_out_ = "its picture half, in the same file, is not read: text alone";
      return;
    } catch (const Error& error) {
      const std::string said = error.what();
      if (place_ && said.find(path()) == std::string::npos) throw;  // it is the file's fault
      place_.reset();
      why += (why.empty() ? "" : "; ") + said;
    }
  }
  throw Error(ErrorCode::kUnavailable,
              "there is no room to look into it (TMPDIR names another directory): " + why);
}

std::string GgufOutline::as_told_of_file(std::string text) const {
  for (std::size_t at = 0; (at = text.find(path(), at)) != std::string::npos; at += file_.size()) {
    const std::size_t behind = at + path().size();
    const bool inside = behind < text.size() && text[behind] == '/';  // one of its files
    text.replace(at, path().size() + (inside ? 1 : 0), file_ + (inside ? ": " : ""));
  }
  return text;
}

}  // namespace sanctum::catalog
