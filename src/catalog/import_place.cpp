#include "catalog/import_place.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <filesystem>
#include <fstream>

#include "base/file.h"
#include "base/file_error.h"
#include "base/read_only_file.h"
#include "base/sha256.h"

namespace sanctum::catalog {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kNameLettersMax = 80;
constexpr std::size_t kKeyDigits = 16;
constexpr std::uint64_t kPathBytesMax = 16 * 1024;
constexpr const char* kNote = "imported_from";

[[noreturn]] void fail(const std::string& path, const std::error_code& error) {
  throw Error(file_error_code(error.value()),
              "cannot read " + path + ": " + file_error_text(error.value()), "model");
}

std::string directory_word(std::string name) {
  name.resize(std::min(name.size(), kNameLettersMax));
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '-' && c != '.') c = '_';
  const auto both_dots = [](char a, char b) { return a == '.' && b == '.'; };
  name.erase(std::unique(name.begin(), name.end(), both_dots), name.end());
  if (name.empty() || name.front() == '.') name.insert(0, "_");
  return name;
}

std::string sample(const ReadOnlyFile& file, std::uint64_t from, std::uint64_t bytes) {
  std::string text(bytes, '\0');
  file.read(from, reinterpret_cast<std::byte*>(text.data()), text.size());
  return text;
}

std::int64_t changed_ns(const std::string& file) {
  std::error_code error;
  const auto time = fs::last_write_time(file, error).time_since_epoch();
  if (error) fail(file, error);
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time).count();
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
  if (error) fail(told, error);
  const ReadOnlyFile opened(file);
  const std::uint64_t bytes = opened.bytes(), end = std::min(bytes, kSampledBytes);
  Sha256Hash hash;
  hash.add(file + '\0' + std::to_string(bytes) + '\0' + std::to_string(changed_ns(file)) + '\0' +
           std::to_string(kImportForm) + '\0');
  hash.add(sample(opened, 0, end));
  hash.add(sample(opened, bytes - end, end));
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

bool has_key_of(const std::string& directory, const ImportPlace& place) {
  return directory.ends_with(place.directory.substr(place.directory.size() - kKeyDigits - 1));
}

}  // namespace sanctum::catalog
