// For tests: where the repository is, and directories of their own.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/file.h"
#include "base/invariant.h"

namespace sanctum {

// The repository's root; ctest says it.
inline std::string source_directory() {
  const char* directory = std::getenv("SANCTUM_SOURCE_DIR");
  return directory != nullptr ? directory : ".";
}

// A new, empty directory, removed at the end.
class TestDirectory {
 public:
  TestDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "sanctum-test-XXXXXX").string();
    SANCTUM_INVARIANT(::mkdtemp(pattern.data()) != nullptr, "no directory for tests");
    path_ = std::filesystem::canonical(pattern);
  }
  ~TestDirectory() { std::filesystem::remove_all(path_); }
  TestDirectory(const TestDirectory&) = delete;
  TestDirectory& operator=(const TestDirectory&) = delete;

  std::string path() const { return path_.string(); }
  std::string path(const std::string& name) const { return (path_ / name).string(); }
  // Writes path(name), making the directories on the way.
  void write(const std::string& name, const std::string& content) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    write_file_atomically(path(name), content);
  }
  void copy(const std::string& from) const {
    std::filesystem::copy(from, path_,
                          std::filesystem::copy_options::overwrite_existing |
                              std::filesystem::copy_options::recursive);
  }

 private:
  std::filesystem::path path_;
};

}  // namespace sanctum
