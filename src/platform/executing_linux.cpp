#include <link.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "platform/executing.h"

namespace sanctum::platform {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDeleted = " (deleted)";
constexpr const char* kSystem[] = {"/lib", "/usr/lib", "/lib64"};

std::string without_mark(std::string path) {
  const std::string mark = kDeleted;
  if (path.size() > mark.size() && path.ends_with(mark)) path.resize(path.size() - mark.size());
  return path;
}

bool below(const std::string& path, const std::string& directory) {
  return path.size() > directory.size() && path.starts_with(directory) &&
         path[directory.size()] == '/';
}

// The first file below the directory that the process executes from; empty for none.
std::string first_executed(const fs::path& process, const std::string& directory) {
  std::ifstream maps(process / "maps");
  std::string line;
  while (std::getline(maps, line)) {
    std::istringstream words(line);
    std::string range, rights, offset, device, inode, path;
    words >> range >> rights >> offset >> device >> inode;
    std::getline(words >> std::ws, path);
    path = without_mark(path);
    if (rights.find('x') != std::string::npos && below(path, directory)) return path;
  }
  return {};
}

// MLX for CUDA compiles kernels with headers that it finds beside itself, as it does NVIDIA's
// libraries: more than a GiB, of which a copy would be of use only whole.
bool works_only_where_it_is(const fs::path& library) {
  for (const char* installed : {"/site-packages/nvidia/", "/dist-packages/nvidia/"})
    if (library.string().find(installed) != std::string::npos) return true;
  if (below(library.string(), "/usr/local/nvidia")) return true;  // the driver's
  std::error_code error;
  return library.filename() == "libmlx.so" &&
         fs::exists(library.parent_path().parent_path() / "include" / "cccl", error);
}

int add_library(dl_phdr_info* info, std::size_t, void* context) {
  auto& all = *static_cast<std::vector<std::string>*>(context);
  std::error_code error;
  const fs::path path = fs::canonical(info->dlpi_name, error);
  if (error || *info->dlpi_name == '\0') return 0;
  for (const char* system : kSystem) {
    if (below(path.string(), system)) return 0;
  }
  if (!works_only_where_it_is(path)) all.push_back(path.string());
  return 0;
}

}  // namespace

std::vector<Executing> executing_from(const std::string& directory) {
  std::error_code error;
  const std::string root = fs::weakly_canonical(directory, error).string();
  std::vector<Executing> all;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const std::string program =
        without_mark(fs::read_symlink(entry.path() / "exe", error).string());
    const std::string file = below(program, root) ? program : first_executed(entry.path(), root);
    if (!file.empty()) all.push_back({std::stoi(name), program, file});
  }
  return all;
}

std::vector<std::string> libraries_of_our_own() {
  std::vector<std::string> all;
  ::dl_iterate_phdr(add_library, &all);
  return all;
}

std::vector<std::string> files_beside_libraries() {
  return {};
}

const char* library_path_variable() {
  return "LD_LIBRARY_PATH";
}

}  // namespace sanctum::platform
