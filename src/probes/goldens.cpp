#include "probes/goldens.h"

#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"

namespace sanctum::probes {
namespace {

constexpr std::uint64_t kFileBytesMax = 1 << 20;

}  // namespace

std::string Goldens::path_of(const std::string& digest, const std::string& question) const {
  return directory_ + "/" + digest + "." + question + ".json";
}

std::optional<std::string> Goldens::find(const std::string& digest,
                                         const std::string& question) const {
  const std::string path = path_of(digest, question);
  if (!std::filesystem::exists(path)) return std::nullopt;
  try {
    const json::Document document(read_file(path, kFileBytesMax));
    return document.root().at("answer").as_string();
  } catch (const Error& error) {
    log::error("golden_damaged", {{"file", path}, {"error", error.what()}});
    std::error_code ignored;
    std::filesystem::rename(path, path + ".damaged", ignored);
    if (damaged_) damaged_(path + ".damaged");
    return std::nullopt;
  }
}

void Goldens::record(const std::string& digest, const std::string& question,
                     const std::string& answer) {
  std::error_code error;
  std::filesystem::create_directories(directory_, error);
  json::Writer w;
  w.begin_object().field("question", question).field("answer", answer).end_object();
  write_file_atomically(path_of(digest, question), w.take() + "\n", 0600);
}

}  // namespace sanctum::probes
