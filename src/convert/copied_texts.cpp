#include "convert/copied_texts.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <string_view>

#include "base/error.h"
#include "base/file.h"

namespace sanctum::convert {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kCopiedBytesMax = 256u << 20;  // of a file
constexpr std::size_t kTemplatesMax = 100;             // that have a name
constexpr std::array<std::string_view, 6> kCopied{".json", ".jinja",    ".model",
                                                  ".txt",  ".tiktoken", ".jsonl"};

void copy(const fs::directory_entry& file, const std::string& to) {
  write_file_atomically(to + "/" + file.path().filename().string(),
                        read_file(file.path().string(), kCopiedBytesMax));
}

// It is left out: no text that a model needs.
bool too_long(const fs::directory_entry& file) {
  std::error_code error;
  const auto bytes = file.file_size(error);
  return !error && bytes > kCopiedBytesMax;
}

void copy_named_templates(const std::string& from, const std::string& to) {
  if (!fs::exists(fs::symlink_status(from))) return;
  fs::create_directory(to);
  std::size_t count = 0;
  for (const auto& each : fs::directory_iterator(from)) {
    if (each.path().extension() != ".jinja") continue;
    if (++count > kTemplatesMax)
      throw Error(ErrorCode::kInvalid,
                  from + " has over " + std::to_string(kTemplatesMax) + " templates", "path");
    copy(each, to);
  }
}

}  // namespace

void copy_texts(const std::string& from, const std::string& to) {
  for (const auto& each : fs::directory_iterator(from)) {
    const std::string name = each.path().filename().string();
    if (name.starts_with('.') || name == "config.json" || name == "model.safetensors.index.json" ||
        std::find(kCopied.begin(), kCopied.end(), each.path().extension().string()) ==
            kCopied.end() ||
        too_long(each))
      continue;
    copy(each, to);
  }
  const std::string templates = "/additional_chat_templates";
  copy_named_templates(from + templates, to + templates);
}

}  // namespace sanctum::convert
