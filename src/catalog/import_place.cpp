#include "catalog/import_place.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>

#include "base/file.h"
#include "base/file_error.h"
#include "base/sha256.h"

namespace sanctum::catalog {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kNameLettersMax = 80;
constexpr std::size_t kKeyDigits = 16;
constexpr std::uint64_t kPathBytesMax = 16 * 1024;
constexpr const char* kNote = "imported_from";
constexpr const char* kUnfinished = ".importing";  // gguf/staging_directory.h's
constexpr const char* kLock = ".import-lock";

std::string directory_word(std::string name) {
  name.resize(std::min(name.size(), kNameLettersMax));
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '-' && c != '.') c = '_';
  if (name.empty() || name.front() == '.') name.insert(0, "_");
  return name;
}

std::string sample(std::ifstream& file, std::uint64_t from, std::uint64_t bytes) {
  std::string text(bytes, '\0');
  file.seekg(static_cast<std::streamoff>(from));
  file.read(text.data(), static_cast<std::streamsize>(bytes));
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(0, file.gcount())));
  file.clear();
  return text;
}

std::int64_t changed_ns(const std::string& file) {
  std::error_code error;
  const auto time = fs::last_write_time(file, error).time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time).count();
}

[[noreturn]] void fail(const std::string& path, int error) {
  throw Error(file_error_code(error), "cannot read " + path + ": " + file_error_text(error),
              "model");
}

}  // namespace

bool is_gguf(const std::string& path) {
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored)) return false;
  if (fs::path(path).extension() == ".gguf") return true;
  std::ifstream file(path, std::ios::binary);
  char magic[4] = {};
  file.read(magic, sizeof magic);
  return file && std::string_view(magic, sizeof magic) == "GGUF";
}

ImportPlace import_place(const std::string& told, const std::string& imports) {
  std::error_code error;
  const std::string file = fs::canonical(told, error).string();
  if (error) fail(told, error.value());
  const std::uint64_t bytes = fs::file_size(file, error);
  if (error) fail(file, error.value());
  errno = 0;
  std::ifstream stream(file, std::ios::binary);
  if (!stream) fail(file, errno != 0 ? errno : EACCES);
  const std::uint64_t end = std::min(bytes, kSampledBytes);
  Sha256Hash hash;
  hash.add(file + '\0' + std::to_string(bytes) + '\0' + std::to_string(changed_ns(file)) + '\0' +
           std::to_string(kImportForm) + '\0');
  hash.add(sample(stream, 0, end));
  hash.add(sample(stream, bytes - end, end));
  const std::string key = to_hex(hash.take()).substr(0, kKeyDigits);
  const std::string word = directory_word(fs::path(file).stem().string());
  return {file, (fs::path(imports) / (word + "-" + key)).string()};
}

bool is_imported(const ImportPlace& place) {
  std::error_code ignored;
  return fs::is_regular_file(fs::path(place.directory) / "config.json", ignored);
}

void note_source(const std::string& directory, const std::string& file) {
  write_file_atomically(directory + "/" + kNote, file + "\n");
}

std::string noted_source(const std::string& directory) {
  try {
    std::string source = read_file(directory + "/" + kNote, kPathBytesMax);
    if (source.ends_with('\n')) source.pop_back();
    return source;
  } catch (const Error&) {
    return {};
  }
}

bool is_made_of(const std::string& directory, const std::string& file) {
  try {
    const std::string now = import_place(file, "").directory;
    return directory.ends_with(now.substr(now.size() - kKeyDigits));
  } catch (const Error&) {
    return false;
  }
}

void remove_import(const std::string& directory) {
  const fs::path place(directory);
  const fs::path aside = place.parent_path() / ("." + place.filename().string() + kUnfinished);
  std::error_code error;
  fs::remove_all(aside, error);
  fs::rename(place, aside, error);
  if (!error) fs::remove_all(aside, error);
  if (error)
    throw Error(ErrorCode::kUnavailable,
                "cannot remove " + directory + ": " + file_error_text(error.value()));
}

std::vector<std::string> remove_unfinished(const std::string& imports) {
  std::vector<std::string> left;
  std::error_code error;
  for (fs::directory_iterator each(imports, error), end; !error && each != end;
       each.increment(error))
    if (const std::string name = each->path().filename().string();
        name.starts_with('.') && (name.ends_with(kUnfinished) || name.ends_with(kLock)))
      left.push_back(each->path().string());
  for (const auto& path : left) fs::remove_all(path, error);
  return left;
}

}  // namespace sanctum::catalog
