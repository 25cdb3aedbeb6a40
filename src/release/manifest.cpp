#include "release/manifest.h"

#include <filesystem>

#include "base/error.h"
#include "base/json.h"
#include "base/sha256.h"

namespace sanctum::release {
namespace {

constexpr std::size_t kIdDigits = 16;

bool leads_out(const std::string& name) {
  const std::filesystem::path path(name);
  if (name.empty() || path.is_absolute()) return true;
  for (const auto& part : path) {
    if (part == "..") return true;
  }
  return false;
}

}  // namespace

std::string encode(const Manifest& manifest) {
  json::Writer w;
  w.begin_object().field("version", manifest.version).key("files").begin_array();
  for (const auto& file : manifest.files) {
    w.begin_object().field("name", file.name).field("bytes", file.bytes);
    w.field("sha256", file.sha256).end_object();
  }
  w.end_array().end_object();
  return w.take();
}

Manifest decode_manifest(std::string_view text) {
  const json::Document document(text);
  Manifest manifest;
  manifest.version = document.root().at("version").as_string();
  for (const auto& node : document.root().at("files").as_array(kReleaseFilesMax)) {
    node.only({"name", "bytes", "sha256"});
    ReleaseFile file{node.at("name").as_string(), node.at("bytes").as_uint64(),
                     node.at("sha256").as_string()};
    if (leads_out(file.name)) node.at("name").fail("must lie below the release's directory");
    manifest.files.push_back(std::move(file));
  }
  return manifest;
}

std::string release_id(std::string_view encoded) {
  return to_hex(sha256(encoded)).substr(0, kIdDigits);
}

}  // namespace sanctum::release
