#include "hub/model_check.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/size_text.h"
#include "base/unreadable.h"
#include "hub/cache_layout.h"
#include "hub/content_hash.h"
#include "hub/file_list.h"
#include "hub/repository_kind.h"
#include "hub/safetensors_length.h"

namespace sanctum::hub {
namespace {

namespace fs = std::filesystem;

constexpr const char* kIndex = "model.safetensors.index.json";
constexpr std::uint64_t kJsonBytesMax = 64ull << 20;

class Check {
 public:
  Check(std::string snapshot, const std::function<bool(std::uint64_t)>& go_on, Checked& out)
      : snapshot_(std::move(snapshot)), go_on_(go_on), out_(out) {}

  void run() {
    const auto files = snapshot_files(snapshot_.string());
    for (const auto& file : files) look_at(file);
    const RepositoryKind kind = kind_of(files);
    if (kind == RepositoryKind::kGguf) return;  // each file is a model by itself
    if (kind != RepositoryKind::kAdapter) {
      if (!has(files, "config.json")) find("config.json", "missing");
      if (!has(files, "tokenizer.json")) find("tokenizer.json", missing_tokenizer(files));
    }
    if (has(files, kIndex))
      check_index(files);
    else if (std::none_of(files.begin(), files.end(), is_weights))
      find("", "it has no weights in .safetensors");
  }

 private:
  static bool is_weights(const std::string& file) {
    return fs::path(file).extension() == ".safetensors";
  }
  static bool has(const std::vector<std::string>& files, const std::string& name) {
    return std::binary_search(files.begin(), files.end(), name);
  }
  static const char* missing_tokenizer(const std::vector<std::string>& files) {
    if (!has(files, "tokenizer.model")) return "missing";
    return "missing: it has tokenizer.model alone (SentencePiece's), which is not read";
  }
  void find(std::string file, std::string what) {
    out_.findings.push_back({std::move(file), std::move(what)});
  }

  void look_at(const std::string& file) {
    const fs::path path = snapshot_ / file;
    std::error_code error;
    const auto bytes = fs::file_size(path, error);
    if (auto why = why_unreadable(path.string()); !why.empty()) return find(file, std::move(why));
    if (error)
      return find(file, fs::exists(path, error) ? "it is no file, but a pipe, a socket or a device"
                                                : "what it links to is missing");
    ++out_.files;
    out_.bytes += bytes;
    const std::size_t before = out_.findings.size();
    check_form(file, path.string(), bytes);
    if (out_.findings.size() == before) check_hash(file, path, bytes);
  }

  void check_form(const std::string& file, const std::string& path, std::uint64_t bytes) {
    try {
      if (is_weights(file)) {
        if (const auto told = safetensors_length(path); told != bytes)
          find(file, "it has " + size_text(bytes) + " (" + std::to_string(bytes) +
                         " bytes), and its header tells of " + std::to_string(told));
      } else if (file == "config.json" || file == kIndex) {
        const json::Document document(read_file(path, kJsonBytesMax));
      }
    } catch (const Error& error) {
      find(file, error.what());
    }
  }

  void check_hash(const std::string& file, const fs::path& path, std::uint64_t bytes) {
    std::error_code error;
    const fs::path target = fs::read_symlink(path, error);
    const std::string blob = error ? std::string() : target.filename().string();
    if (hash_kind(blob) == HashKind::kNone) return;
    ContentHash hash(hash_kind(blob), bytes);
    std::uint64_t told = 0;
    const auto step = [&](std::uint64_t done) {
      const std::uint64_t more = done - told;
      told = done;
      return go_on_(more);
    };
    try {
      if (!add_file(hash, path.string(), bytes, step))
        throw Error(ErrorCode::kCancelled, "stopped");
    } catch (const Error& failed) {
      if (failed.code() == ErrorCode::kCancelled) throw;
      return find(file, failed.what());
    }
    ++out_.hashed;
    if (hash.take() != blob) find(file, "damaged: its content has not the hash " + blob);
  }

  void check_index(const std::vector<std::string>& files) {
    std::set<std::string> named;
    try {
      const json::Document document(read_file((snapshot_ / kIndex).string(), kJsonBytesMax));
      for (const auto& [tensor, file] : document.root().at("weight_map").members())
        named.insert(file.as_string());
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kNotFound) find(kIndex, error.what());
    }
    for (const auto& file : named)
      if (!is_safe_path(file) || !has(files, file))
        find(file.substr(0, kFileNameBytesMax), std::string("missing: ") + kIndex + " names it");
  }

  const fs::path snapshot_;
  const std::function<bool(std::uint64_t)>& go_on_;
  Checked& out_;
};

}  // namespace

std::vector<std::string> snapshot_files(const std::string& snapshot) {
  std::vector<std::string> files;
  std::error_code error, ignored;
  for (fs::recursive_directory_iterator each(snapshot, error), end; !error && each != end;
       each.increment(error)) {
    if (files.size() == kFilesMax) break;
    if (!each->is_directory(ignored))
      files.push_back(each->path().lexically_relative(snapshot).generic_string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

Checked check_model(const std::string& repository, const std::string& revision,
                    const std::function<bool(std::uint64_t)>& go_on) {
  Checked checked;
  checked.commit = cached_commit(repository, revision);
  if (checked.commit.empty())
    throw Error(ErrorCode::kNotFound, "no revision '" + revision + "' in " + repository,
                "revision");
  checked.snapshot = snapshot_directory(repository, checked.commit);
  std::error_code ignored;
  const std::string why = why_unreadable(checked.snapshot);
  if (!why.empty() || !fs::is_directory(checked.snapshot, ignored)) {
    checked.findings.push_back(
        {"", why.empty() ? "the snapshot " + checked.snapshot + " is missing" : why});
    return checked;
  }
  Check(checked.snapshot, go_on, checked).run();
  return checked;
}

}  // namespace sanctum::hub
