#include "hub/file_list.h"

#include <fnmatch.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "base/count_text.h"
#include "base/error.h"
#include "base/json.h"
#include "base/size_text.h"
#include "hub/blob_name.h"
#include "hub/cache_layout.h"
#include "hub/gguf_name.h"
#include "hub/repository_kind.h"

namespace sanctum::hub {
namespace {

constexpr std::size_t kPartBytesMax = 255;  // of a file's name on a disk
constexpr std::size_t kShownBytesMax = 80;
constexpr std::size_t kShownFilesMax = 60;

[[noreturn]] void refuse(const std::string& why) {
  throw Error(ErrorCode::kCorrupt, "the hub's list of files makes no sense: " + why);
}

bool ends_in(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

RemoteFile file_of(const json::Node& node) {
  RemoteFile file;
  file.path = node.at("rfilename").as_string();
  if (!is_safe_path(file.path))
    refuse("a file is called " + json::quote(file.path.substr(0, kShownBytesMax)) +
           ", which could lie outside of the model's directory; nothing was downloaded");
  if (const auto size = node.get("size")) file.size = size->as_uint64();
  file.blob = node.as_string_or("blobId", "");
  if (const auto lfs = node.get("lfs")) {
    file.blob = lfs->as_string_or("sha256", "");
    if (const auto size = lfs->get("size")) file.size = size->as_uint64();
  }
  if (!file.blob.empty() && hash_kind(file.blob) == HashKind::kNone)
    refuse(file.path + " has no hash that is one");
  if (file.size.value_or(0) > kFileBytesMax)
    refuse(file.path + " is said to have " + std::to_string(*file.size) + " bytes");
  return file;
}

bool matches(const std::string& path, const std::string& pattern) {
  const std::string whole = ends_in(pattern, "/") ? pattern + "*" : pattern;
  return ::fnmatch(whole.c_str(), path.c_str(), 0) == 0;
}

// Lists of another framework's weights and the like are no configuration.
bool is_other_index(const std::string& path) {
  return ends_in(path, ".bin.index.json") || ends_in(path, ".h5.index.json") ||
         ends_in(path, ".msgpack.index.json");
}

bool is_text_of_a_model(const std::string& path) {
  if (path.rfind("additional_chat_templates/", 0) == 0) return ends_in(path, ".jinja");
  if (path.find('/') != std::string::npos || is_other_index(path)) return false;
  for (const char* ending : {".json", ".jinja", ".model", ".tiktoken", ".txt"})
    if (ends_in(path, ending)) return true;
  return false;
}

bool is_weights(const std::string& path) {
  return path.find('/') == std::string::npos && ends_in(path, ".safetensors");
}

// Some repositories hold the same weights once more, or an adapter's.
std::vector<RemoteFile> weights_of(const std::vector<RemoteFile>& files) {
  std::vector<RemoteFile> all, named;
  for (const auto& file : files) {
    if (!is_weights(file.path)) continue;
    all.push_back(file);
    if (file.path.rfind("model", 0) == 0) named.push_back(file);
  }
  return named.empty() ? all : named;
}

std::vector<std::string> paths_of(const std::vector<RemoteFile>& files) {
  std::vector<std::string> paths;
  paths.reserve(files.size());
  for (const auto& file : files) paths.push_back(file.path);
  return paths;
}

const RemoteFile& file_called(const std::string& path, const RemoteList& list) {
  return *std::find_if(list.files.begin(), list.files.end(),
                       [&](const RemoteFile& file) { return file.path == path; });
}

// A line of the list that a person chooses from.
std::string gguf_line(const RemoteFile& file) {
  const GgufPart part = gguf_part_of(file.path);
  return "\n  " + file.path + (file.size ? "  " + size_text(*file.size) : "") +
         (part.of > 1 ? "  the first of " + std::to_string(part.of) +
                            " parts, which llama-gguf-split puts together"
                      : "");
}

// Of GGUF files one is enough, and which one only a person knows; where there is one alone, it is.
std::vector<RemoteFile> only_gguf(const RemoteList& list, const std::string& model) {
  const auto models = gguf_models(paths_of(list.files));
  if (models.size() == 1 && gguf_part_of(models[0]).of == 1) return {file_called(models[0], list)};
  std::string lines;
  for (std::size_t i = 0; i < std::min(models.size(), kShownFilesMax); ++i)
    lines += gguf_line(file_called(models[i], list));
  if (models.size() > kShownFilesMax)
    lines += "\n  and " + std::to_string(models.size() - kShownFilesMax) + " more";
  if (models.empty()) lines = "\n  none that is a model by itself";
  throw Error(ErrorCode::kNotFound,
              "'" + model +
                  "' holds GGUF files, each a model by itself; name one: `sanctum models pull " +
                  model + " --include FILE`. There is" + lines,
              "include");
}

[[noreturn]] void refuse_without_weights(const RemoteList& list, const std::string& model) {
  std::string other;
  for (const char* ending : {".bin", ".pth", ".pt", ".onnx", ".h5", ".npz"})
    for (const auto& file : list.files)
      if (other.empty() && ends_in(file.path, ending)) other = ending;
  throw Error(ErrorCode::kNotFound,
              "'" + model + "' has no weights in .safetensors" +
                  (other.empty() ? "" : ", only in " + other) +
                  ", and could not be served: take the same model in Hugging Face's or MLX's form "
                  "(as those of huggingface.co/mlx-community); --include PATTERN downloads anyway",
              "model");
}

}  // namespace

bool is_safe_path(const std::string& path) {
  if (path.empty() || path.size() > kFileNameBytesMax) return false;
  const bool plain = std::none_of(path.begin(), path.end(),
                                  [](unsigned char c) { return c < ' ' || c == 127 || c == '\\'; });
  if (!plain) return false;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const std::string part = path.substr(at, end - at);
    if (part.empty() || part == "." || part == ".." || part.size() > kPartBytesMax) return false;
    at = end + 1;
  }
  return true;
}

RemoteList read_file_list(std::string_view text) {
  RemoteList list;
  try {
    const json::Document document(text);
    const json::Node root = document.root();
    list.commit = root.at("sha").as_string();
    for (const json::Node& node : root.at("siblings").as_array(kFilesMax))
      list.files.push_back(file_of(node));
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kCorrupt) throw;
    refuse(std::string(error.what()) + " (is it a hub that answers there?)");
  }
  if (!is_commit(list.commit)) refuse("its commit is no hash");
  std::set<std::string> names;
  for (const auto& file : list.files)
    if (!names.insert(file.path).second) refuse("it names " + file.path + " twice");
  return list;
}

std::vector<RemoteFile> needed_files(const RemoteList& list,
                                     const std::vector<std::string>& patterns,
                                     const std::string& model) {
  std::vector<RemoteFile> needed;
  if (!patterns.empty()) {
    for (const auto& file : list.files)
      if (std::any_of(patterns.begin(), patterns.end(),
                      [&](const std::string& pattern) { return matches(file.path, pattern); }))
        needed.push_back(file);
    if (needed.empty())
      throw Error(ErrorCode::kNotFound,
                  "'" + model + "' has no file that --include matches; it has " +
                      count_text(static_cast<int>(list.files.size()), "file"),
                  "include");
    return needed;
  }
  if (kind_of(paths_of(list.files)) == RepositoryKind::kGguf) return only_gguf(list, model);
  for (const auto& file : list.files)
    if (is_text_of_a_model(file.path)) needed.push_back(file);
  const auto weights = weights_of(list.files);
  if (weights.empty()) refuse_without_weights(list, model);
  needed.insert(needed.end(), weights.begin(), weights.end());
  return needed;
}

}  // namespace sanctum::hub
