#include "hub/pull.h"

#include <filesystem>
#include <functional>
#include <set>

#include "base/error.h"
#include "base/parallel.h"
#include "base/size_text.h"
#include "hub/download.h"
#include "hub/file_list.h"
#include "hub/listing.h"
#include "hub/model_lock.h"
#include "hub/snapshot.h"

namespace sanctum::hub {
namespace {

namespace fs = std::filesystem;

class Pull {
 public:
  Pull(const PullOptions& options, Progress& progress, const std::atomic<bool>& cancelled)
      : options_(options),
        progress_(progress),
        asked_{options.endpoint, options.model, options.revision, {}, !options.token.empty()},
        places_{repository_directory(options.model, options.cache),
                locks_directory(options.model, options.cache)},
        cancelled_([&cancelled] { return cancelled.load(); }) {}

  Pulled run() {
    make_directory(places_.locks);
    ModelLock lock(
        options_.model, options_.cache,
        [&](const std::string& holder) {
          progress_.note(holder + " is at " + options_.model + " already; waiting for it");
        },
        cancelled_);
    try {
      return run_locked();
    } catch (...) {
      std::error_code ignored;
      if (!fs::exists(places_.repository, ignored)) lock.leave_nothing();
      throw;
    }
  }

 private:
  Pulled run_locked() {
    Fetcher fetcher(options_.token, cancelled_);
    const RemoteList list = fetch_list(fetcher, asked_, progress_, cancelled_);
    const auto needed = needed_files(list, options_.patterns, options_.model);
    make_directory(places_.repository + "/blobs");  // of what is refused nothing is left
    wanted_ = wanted_blobs(fetcher, asked_, list.commit, needed, progress_, cancelled_);
    find_missing();
    check_disk();
    download();
    write_snapshot(places_.repository, list.commit, links());
    write_reference(places_.repository, options_.revision, list.commit);
    done_.commit = list.commit;
    done_.snapshot = snapshot_directory(places_.repository, list.commit);
    return done_;
  }

  static void make_directory(const std::string& directory) {
    std::error_code error;
    fs::create_directories(directory, error);
    if (error)
      throw Error(ErrorCode::kUnavailable, "cannot make the directory " + directory + ": " +
                                               error.message() +
                                               "; HF_HUB_CACHE names another place");
  }

  // Two files with the same content are one blob.
  void find_missing() {
    std::set<std::string> seen;
    for (const auto& wanted : wanted_) {
      done_.bytes += wanted.bytes;
      done_.paths.push_back(wanted.file);
      ++done_.files;
      if (!seen.insert(wanted.blob).second) continue;
      if (has_blob(places_, wanted, options_.verify, cancelled_)) continue;
      if (options_.verify) forget_damaged(wanted);
      missing_.push_back(wanted);
      bytes_to_come_ += wanted.bytes - bytes_begun(places_, wanted);
    }
  }

  void forget_damaged(const BlobWanted& wanted) const {
    std::error_code ignored;
    const std::string path = blob_path(places_.repository, wanted.blob);
    if (fs::remove(path, ignored))
      progress_.note(wanted.file + " on the disk is damaged; loading it anew");
  }

  void check_disk() const {
    std::error_code error;
    const auto space = fs::space(places_.repository, error);
    const std::uint64_t needed = bytes_to_come_;
    if (error || needed == 0 || space.available >= needed + kSpareBytes) return;
    throw Error(ErrorCode::kUnavailable,
                options_.model + " needs " + size_text(needed) + " more, and " +
                    size_text(kSpareBytes) + " that stay free beside it, and the disk of " +
                    options_.cache + " has " + size_text(space.available) +
                    " free: make room, or name another place with HF_HUB_CACHE");
  }

  void download() {
    std::uint64_t bytes = 0;
    std::atomic<std::uint64_t> loaded{0};
    for (const auto& wanted : missing_) bytes += wanted.bytes;
    progress_.begin(bytes, static_cast<int>(missing_.size()));
    for_each_in_parallel(missing_.size(), kParallelFiles, [&](std::size_t at, const Stop& stop) {
      const auto stopped = [&] { return cancelled_() || stop(); };
      Fetcher fetcher(options_.token, stopped);
      Asked asked = asked_;
      asked.file = missing_[at].file;
      loaded += download_blob(fetcher, places_, missing_[at], asked, progress_, stopped);
      progress_.file_done();
    });
    progress_.over();
    done_.bytes_loaded = loaded;
  }

  std::vector<SnapshotFile> links() const {
    std::vector<SnapshotFile> links;
    links.reserve(wanted_.size());
    for (const auto& wanted : wanted_) links.push_back({wanted.file, wanted.blob});
    return links;
  }

  const PullOptions& options_;
  Progress& progress_;
  const Asked asked_;
  const BlobPlaces places_;
  const std::function<bool()> cancelled_;
  std::vector<BlobWanted> wanted_, missing_;
  std::uint64_t bytes_to_come_ = 0;
  Pulled done_;
};

}  // namespace

Pulled pull(const PullOptions& options, Progress& progress, const std::atomic<bool>& cancelled) {
  if (!is_repository_name(options.model))
    throw Error(ErrorCode::kInvalid,
                "'" + options.model + "' is no org/name, such as mlx-community/Qwen3-4B-4bit",
                "model");
  if (!is_revision(options.revision))
    throw Error(ErrorCode::kInvalid,
                "'" + options.revision + "' is no revision: a branch, a tag or a commit",
                "revision");
  if (options.cache.empty())
    throw Error(ErrorCode::kInvalid,
                "there is no home for downloaded models: HOME, HF_HOME and HF_HUB_CACHE are not "
                "set");
  return Pull(options, progress, cancelled).run();
}

}  // namespace sanctum::hub
