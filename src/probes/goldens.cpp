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

std::optional<Golden> Goldens::find(const std::string& digest, const std::string& question) const {
  const std::string path = path_of(digest, question);
  std::error_code error;
  if (!std::filesystem::exists(path, error) && !error) return std::nullopt;
  try {
    const json::Document document(read_file(path, kFileBytesMax));
    return Golden{document.root().at("answer").as_string(),
                  document.root().as_string_or("terms", "")};
  } catch (const Error& damage) {
    if (may_be_mended(damage.code())) throw;
    log::error("golden_damaged", {{"file", path}, {"error", damage.what()}});
    std::filesystem::rename(path, path + ".damaged", error);
    if (damaged_) damaged_(path + ".damaged");
    return std::nullopt;
  }
}

void Goldens::record(const std::string& digest, const std::string& question, const Golden& golden) {
  std::error_code error;
  std::filesystem::create_directories(directory_, error);
  json::Writer w;
  w.begin_object().field("question", question).field("terms", golden.terms);
  w.field("answer", golden.answer).end_object();
  write_file_atomically(path_of(digest, question), w.take() + "\n", 0600);
}

}  // namespace sanctum::probes
