#include "hub/gguf_name.h"

#include <regex>

namespace sanctum::hub {

bool is_gguf_name(const std::string& path) {
  return path.ends_with(".gguf");
}

bool is_picture_half(const std::string& path) {
  return path.substr(path.rfind('/') + 1).find("mmproj") != std::string::npos;
}

GgufPart gguf_part_of(const std::string& path) {
  static const std::regex pattern(R"(-(\d{5})-of-(\d{5})\.gguf$)");
  std::smatch found;
  if (!std::regex_search(path, found, pattern)) return {};
  return {std::stoi(found[1]), std::stoi(found[2])};
}

std::string merging_advice(const std::string& first_part) {
  return "`llama-gguf-split --merge " + first_part + " WHOLE.gguf` makes one of them";
}

}  // namespace sanctum::hub
