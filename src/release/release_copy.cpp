#include "release/release_copy.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <thread>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/file_hash.h"
#include "base/log.h"
#include "base/parallel.h"
#include "platform/executing.h"
#include "platform/lock_file.h"
#include "platform/private_files.h"
#include "release/file_hashes.h"
#include "release/manifest.h"
#include "release/signing.h"

namespace sanctum::release {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kManifestBytesMax = 4u << 20;
constexpr std::chrono::milliseconds kLookEvery{50};

Manifest manifest_of(const std::string& version, const std::vector<ReleaseSource>& sources) {
  Manifest manifest;
  manifest.version = version;
  std::vector<std::string> paths;
  paths.reserve(sources.size());
  for (const auto& source : sources) paths.push_back(source.path);
  const auto hashed = hash_files(paths);
  for (std::size_t i = 0; i < sources.size(); ++i) {
    if (hashed[i].error) std::rethrow_exception(hashed[i].error);
    manifest.files.push_back({sources[i].name, hashed[i].hash.bytes, hashed[i].hash.sha256});
  }
  std::sort(manifest.files.begin(), manifest.files.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return manifest;
}

bool verifies(const std::string& release, const std::string& keys) {
  if (!fs::exists(release)) return false;
  try {
    verify_release(release, keys);
    return true;
  } catch (const Error& error) {
    log::error("release_damaged", {{"release", release}, {"error", error.what()}});
    return false;
  }
}

// What is being made; whatever of it is there at the end was not finished, and takes room.
class HalfCopy {
 public:
  explicit HalfCopy(std::string path) : path_(std::move(path)) { fs::remove_all(path_); }
  ~HalfCopy() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  HalfCopy(const HalfCopy&) = delete;
  HalfCopy& operator=(const HalfCopy&) = delete;

 private:
  const std::string path_;
};

void make_copy(const std::string& release, const std::string& encoded,
               const std::vector<ReleaseSource>& sources, const std::string& keys,
               const FileStore& store) {
  const std::string beside = release + ".new";
  const HalfCopy half(beside);
  std::map<std::string, std::string> hashes;
  for (const auto& file : decode_manifest(encoded).files) hashes[file.name] = file.sha256;
  const auto place = [&](const ReleaseSource& source) {
    const fs::path to = fs::path(beside) / source.name;
    fs::create_directories(to.parent_path());
    store.place(source.path, hashes.at(source.name), to.string());
  };
  for (const auto& source : sources) place(source);
  platform::make_private(beside);
  write_file_atomically(beside + "/manifest.json", encoded, 0600);
  write_file_atomically(beside + "/manifest.sig", sign(encoded, keys), 0600);
  // What the store had may be damaged: it is looked at here, once.
  bool damaged = false;
  for (const auto& file : examine_release(beside, keys)) {
    if (file.damage.empty()) continue;
    damaged = true;
    store.forget(hashes.at(file.name));
    fs::remove(fs::path(beside) / file.name);
    place(*std::find_if(sources.begin(), sources.end(),
                        [&](const auto& source) { return source.name == file.name; }));
  }
  if (damaged) {
    platform::make_private(beside);
    verify_release(beside, keys);
  }
  fs::remove_all(release);
  fs::rename(beside, release);
}

// Another one that is starting, or is being installed, makes the same copy.
std::unique_ptr<platform::LockFile> one_at_a_time(const std::string& releases) {
  fs::create_directories(releases);
  const Instant deadline = Clock::now() + kReleaseWaitMax;
  while (true) {
    try {
      return std::make_unique<platform::LockFile>(releases + ".lock");
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kBusy || Clock::now() > deadline) throw;
      std::this_thread::sleep_for(kLookEvery);
    }
  }
}

void forget_old(const std::string& releases, const std::string& newest) {
  std::vector<fs::directory_entry> all;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(releases, ignored)) {
    if (entry.is_directory() && !entry.is_symlink() && entry.path() != newest &&
        platform::executing_from(entry.path().string()).empty())
      all.push_back(entry);
  }
  std::sort(all.begin(), all.end(),
            [](const auto& a, const auto& b) { return a.last_write_time() > b.last_write_time(); });
  for (std::size_t i = kReleasesKept - 1; i < all.size(); ++i) fs::remove_all(all[i], ignored);
}

}  // namespace

std::string keep_release(const std::string& releases, const std::string& version,
                         const std::vector<ReleaseSource>& sources, const std::string& keys,
                         const FileStore& store) try {
  const auto alone = one_at_a_time(releases);
  if (!have_signing_key(keys)) make_signing_key(keys);
  const std::string encoded = encode(manifest_of(version, sources));
  const std::string release = releases + "/" + release_id(encoded);
  if (!verifies(release, keys)) make_copy(release, encoded, sources, keys, store);
  forget_old(releases, release);
  store.sweep();
  return release;
} catch (const fs::filesystem_error& error) {
  throw Error(ErrorCode::kUnavailable, error.what());
}

std::string current_release(const std::string& releases) {
  return releases + "/current";
}

void make_current(const std::string& releases, const std::string& release) {
  const std::string current = current_release(releases);
  const std::string beside = current + "." + std::to_string(::getpid());
  std::error_code error;
  fs::remove(beside, error);
  fs::create_directory_symlink(fs::path(release).filename(), beside, error);
  if (!error) fs::rename(beside, current, error);
  if (!error) return;
  fs::remove(beside);
  throw Error(ErrorCode::kUnavailable, "cannot make " + current + ": " + error.message());
}

std::vector<FileFound> examine_release(const std::string& release, const std::string& keys) {
  const std::string encoded = read_file(release + "/manifest.json", kManifestBytesMax);
  if (!is_signed(encoded, read_file(release + "/manifest.sig", kManifestBytesMax), keys))
    throw Error(ErrorCode::kCorrupt, release + "/manifest.json is not as it was signed");
  const Manifest manifest = decode_manifest(encoded);
  std::vector<FileFound> all(manifest.files.size());
  for_each_in_parallel(all.size(), kHashThreadsMax, [&](std::size_t i, const Stop&) {
    const ReleaseFile& file = manifest.files[i];
    const std::string path = release + "/" + file.name;
    all[i].name = file.name;
    if (!fs::exists(path))
      all[i].damage = path + " is missing";
    else if (hash_file(path).sha256 != file.sha256)
      all[i].damage = path + " is not as it was signed";
  });
  return all;
}

void verify_release(const std::string& release, const std::string& keys) {
  for (const auto& file : examine_release(release, keys)) {
    if (!file.damage.empty()) throw Error(ErrorCode::kCorrupt, file.damage);
  }
}

}  // namespace sanctum::release
