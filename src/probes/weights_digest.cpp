#include "probes/weights_digest.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/file_hash.h"
#include "base/json.h"
#include "base/sha256.h"

namespace sanctum::probes {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMemoryBytesMax = 4u << 20;
constexpr std::size_t kFilesMax = 10'000;

// Not the questions that it is asked.
bool decides(const fs::path& file) {
  const fs::path kind = file.extension();
  return kind == ".safetensors" || kind == ".jinja" || kind == ".model" || kind == ".txt" ||
         (kind == ".json" && file.filename() != "battery.json");
}

std::vector<fs::path> files_of(const std::string& directory) {
  std::vector<fs::path> files;
  bool weights = false;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    weights |= entry.path().extension() == ".safetensors";
    if (decides(entry.path())) files.push_back(entry.path());
    if (files.size() > kFilesMax) break;
  }
  if (error || !weights) throw Error(ErrorCode::kNotFound, "there are no weights in " + directory);
  std::sort(files.begin(), files.end());
  return files;
}

// What changes when a file is replaced.
std::string identity(const fs::path& file) {
  std::error_code error;
  const auto size = fs::file_size(file, error);
  const auto changed =
      static_cast<std::int64_t>(fs::last_write_time(file, error).time_since_epoch().count());
  if (error) throw Error(ErrorCode::kNotFound, "cannot look at " + file.string());
  return file.string() + " " + std::to_string(size) + " " + std::to_string(changed);
}

// At a bounded rate: nobody waits for it.
std::optional<std::string> hashed(const fs::path& file, const std::atomic<bool>& stop) {
  const Instant begin = Clock::now();
  const auto hash = hash_file(file.string(), [&](std::uint64_t bytes) {
    const std::chrono::duration<double> due(static_cast<double>(bytes) / kHashBytesPerSecondMax);
    std::this_thread::sleep_until(begin + std::chrono::duration_cast<Clock::duration>(due));
    return !stop;
  });
  return hash ? std::optional(hash->sha256) : std::nullopt;
}

std::map<std::string, std::string> remembered(const std::string& path) {
  std::map<std::string, std::string> all;
  try {
    const json::Document document(read_file(path, kMemoryBytesMax));
    for (const auto& [file, digest] : document.root().members()) all[file] = digest.as_string();
  } catch (const Error&) {
    all.clear();  // it costs another reading
  }
  return all;
}

void remember(const std::string& path, const std::map<std::string, std::string>& all) {
  json::Writer w;
  w.begin_object();
  for (const auto& [file, digest] : all) w.field(file, digest);
  w.end_object();
  try {
    write_file_atomically(path, w.take() + "\n", 0600);
  } catch (const Error&) {
    // A full disk costs another reading the next time.
  }
}

}  // namespace

std::optional<std::string> WeightsDigest::of(const std::string& model_directory,
                                             const std::atomic<bool>& stop) {
  auto known = remembered(memory_file_);
  Sha256Hash whole;
  bool learned = false;
  for (const fs::path& file : files_of(model_directory)) {
    const std::string key = identity(file);
    if (known.count(key) == 0) {
      const auto digest = hashed(file, stop);
      if (!digest) return std::nullopt;
      known[key] = *digest;
      learned = true;
    }
    const std::string line = file.filename().string() + " " + known[key] + "\n";
    whole.add(line);
  }
  if (known.size() > kFilesMax) known.clear();
  if (learned) remember(memory_file_, known);
  return to_hex(whole.take());
}

}  // namespace sanctum::probes
