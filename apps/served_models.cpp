#include "apps/served_models.h"

#include <algorithm>
#include <filesystem>

#include "base/error.h"

namespace sanctum {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kEntriesMax = 10'000;  // of a directory, that are looked at

bool lies_in(const std::string& path, const std::string& directory) {
  std::error_code error;
  const fs::path inner = fs::weakly_canonical(path, error);
  const fs::path outer = fs::weakly_canonical(directory, error);
  return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

// A downloaded revision is links to files that lie elsewhere.
bool links_to(const std::string& directory, const std::string& path) {
  std::size_t seen = 0;
  std::error_code error, ignored;
  for (fs::recursive_directory_iterator each(directory, error), end;
       !error && each != end && seen < kEntriesMax; each.increment(error), ++seen)
    if (each->is_symlink(ignored) && fs::equivalent(each->path(), path, ignored)) return true;
  return false;
}

}  // namespace

void refuse_if_served_by(const client::RunningServer& server, const std::string& directory) {
  const std::string stop = "; stop it first: sanctum stop --state-dir " + server.state_dir;
  if (!server.serving.models)
    throw Error(ErrorCode::kBusy, "a server runs with " + server.state_dir +
                                      " and does not say what it serves: it is just starting, "
                                      "or an older one" +
                                      stop);
  for (const auto& model : *server.serving.models)
    if (lies_in(model, directory) || links_to(directory, model))
      throw Error(ErrorCode::kBusy,
                  "the server with " + server.state_dir + " serves it (" + model + ")" + stop);
}

void refuse_if_served(const std::string& directory, const std::string& state_dir) {
  for (const auto& server : client::running_servers()) refuse_if_served_by(server, directory);
  if (state_dir.empty()) return;
  if (const auto server = client::server_in(state_dir)) refuse_if_served_by(*server, directory);
}

}  // namespace sanctum
