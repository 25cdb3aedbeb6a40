#include "hub/blob_name.h"

#include <algorithm>
#include <cctype>

namespace sanctum::hub {
namespace {

constexpr std::size_t kLettersMax = 200;  // a file's name has 255, and gets an ending

bool is_hex(const std::string& text) {
  return std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return std::isdigit(c) || (c >= 'a' && c <= 'f'); });
}

}  // namespace

std::string normalized_etag(std::string_view header) {
  while (!header.empty() && (header.front() == 'W' || header.front() == '/'))
    header.remove_prefix(1);
  while (!header.empty() && header.front() == '"') header.remove_prefix(1);
  while (!header.empty() && header.back() == '"') header.remove_suffix(1);
  return std::string(header);
}

bool is_blob_name(const std::string& name) {
  constexpr std::string_view kPartial = ".incomplete";
  const bool partial = name.size() >= kPartial.size() &&
                       name.compare(name.size() - kPartial.size(), kPartial.size(), kPartial) == 0;
  return !name.empty() && name.size() <= kLettersMax && name.front() != '.' && !partial &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return std::isalnum(c) || c == '-' || c == '_' || c == '.';
         });
}

HashKind hash_kind(const std::string& blob_name) {
  if (!is_hex(blob_name)) return HashKind::kNone;
  return blob_name.size() == 64   ? HashKind::kSha256
         : blob_name.size() == 40 ? HashKind::kGitBlob
                                  : HashKind::kNone;
}

}  // namespace sanctum::hub
