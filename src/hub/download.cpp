#include "hub/download.h"

#include <algorithm>
#include <filesystem>

#include "hub/blob_lock.h"
#include "hub/cache_layout.h"
#include "hub/partial_file.h"
#include "hub/retry.h"

namespace sanctum::hub {
namespace {

namespace fs = std::filesystem;

std::string partial_path(const BlobPlaces& places, const BlobWanted& wanted) {
  return blob_path(places.repository, wanted.blob) + ".incomplete";
}

class BlobTry {
 public:
  // `came`: where bytes from the hub are counted.
  BlobTry(PartialFile& file, const BlobWanted& wanted, const Asked& asked, Progress& progress,
          std::uint64_t& came)
      : file_(file),
        wanted_(wanted),
        asked_(asked),
        progress_(progress),
        came_(came),
        before_(file.size()) {}

  void run(Fetcher& fetcher) {
    // Where the name is a hash, it shows at the end what a byte of another file spoils.
    const bool by_name_alone = hash_kind(wanted_.blob) == HashKind::kNone;
    FetchCall call{wanted_.url, false, file_.size(), by_name_alone ? wanted_.blob : "",
                   [this](const FetchHead& head, auto bytes) { take(head, bytes); }};
    const Fetched fetched = fetcher.fetch(call);
    if (fetched.end == FetchEnd::kAnswered && fetched.head.status == 416) {  // no such range
      forget();
      broken("the hub has no bytes behind those that are here");
    }
    const bool answered = fetched.end == FetchEnd::kAnswered &&
                          (fetched.head.status == 200 || fetched.head.status == 206);
    if (answered && file_.is_whole()) return;
    if (answered)
      broken("it ended after " + std::to_string(file_.size()) + " of " +
             std::to_string(wanted_.bytes) + " bytes");
    const Error error = failure_of(fetched, asked_);
    if (!may_be_tried_again(fetched)) throw error;
    throw TryFailed{{trouble_of(fetched), came(), fetched.head.retry_after}, error};
  }

 private:
  void take(const FetchHead& head, std::string_view bytes) {
    if (!begun_) begin(head);
    if (file_.size() + bytes.size() > wanted_.bytes) {
      forget();
      broken("more came than the " + std::to_string(wanted_.bytes) + " bytes that the hub told");
    }
    file_.add(bytes);
    came_ += bytes.size();
    progress_.add(static_cast<std::int64_t>(bytes.size()));
  }

  void begin(const FetchHead& head) {
    begun_ = true;
    if (!head.commit.empty() && head.commit != wanted_.commit)
      contradiction("its list is of commit " + wanted_.commit + ", " + wanted_.file + " of " +
                    head.commit);
    // A mirror may call a file otherwise than the hash of its list, which holds all the same.
    const bool comparable = hash_kind(wanted_.blob) == HashKind::kNone
                                ? !head.etag.empty()
                                : hash_kind(head.etag) != HashKind::kNone;
    if (comparable && head.etag != wanted_.blob)
      contradiction("its list calls " + wanted_.file + " " + wanted_.blob + ", and the file " +
                    head.etag);
    if (head.status == 200 && file_.size() > 0) return forget();  // it knows no ranges
    if (head.status == 206 && head.range_from != file_.size())
      broken("it sent other bytes than those that were asked for");
  }

  [[noreturn]] void contradiction(const std::string& what) const {
    throw Error(ErrorCode::kCorrupt,
                asked_.endpoint + " contradicts itself: " + what + "; try again later");
  }

  void forget() {
    progress_.add(-static_cast<std::int64_t>(file_.size()));
    file_.empty();
    before_ = 0;
  }

  bool came() const { return file_.size() > before_; }

  [[noreturn]] void broken(const std::string& why) const {
    throw TryFailed{{Trouble::kBroken, came(), {}},
                    Error(ErrorCode::kUnavailable,
                          "cannot get " + wanted_.file + " from " + asked_.endpoint + ": " + why)};
  }

  PartialFile& file_;
  const BlobWanted& wanted_;
  const Asked& asked_;
  Progress& progress_;
  std::uint64_t& came_;
  std::uint64_t before_;
  bool begun_ = false;
};

void try_once(Fetcher& fetcher, PartialFile& file, const BlobPlaces& places,
              const BlobWanted& wanted, const Asked& asked, Progress& progress,
              std::uint64_t& came) {
  if (!file.is_whole()) BlobTry(file, wanted, asked, progress, came).run(fetcher);
  if (file.is_right()) return file.becomes(blob_path(places.repository, wanted.blob));
  progress.add(-static_cast<std::int64_t>(file.size()));
  file.empty();
  throw TryFailed{{Trouble::kDamaged, false, {}},
                  Error(ErrorCode::kCorrupt, wanted.file + " from " + asked.endpoint +
                                                 " is damaged: its bytes have not the hash " +
                                                 wanted.blob + " that the hub tells")};
}

}  // namespace

bool has_blob(const BlobPlaces& places, const BlobWanted& wanted, bool by_hash,
              const std::function<bool()>& cancelled) {
  const std::string path = blob_path(places.repository, wanted.blob);
  std::error_code error;
  if (fs::file_size(path, error) != wanted.bytes || error) return false;
  if (!by_hash || hash_kind(wanted.blob) == HashKind::kNone) return true;
  ContentHash hash(hash_kind(wanted.blob), wanted.bytes);
  if (!add_file(hash, path, wanted.bytes, [&](std::uint64_t) { return !cancelled(); }))
    throw Error(ErrorCode::kCancelled, "stopped");
  return hash.take() == wanted.blob;
}

std::uint64_t bytes_begun(const BlobPlaces& places, const BlobWanted& wanted) {
  std::error_code error;
  const std::string path = partial_path(places, wanted);
  if (fs::is_symlink(path, error)) return 0;
  const auto size = fs::file_size(path, error);
  return error || size > wanted.bytes ? 0 : size;
}

std::uint64_t download_blob(Fetcher& fetcher, const BlobPlaces& places, const BlobWanted& wanted,
                            const Asked& asked, Progress& progress,
                            const std::function<bool()>& cancelled) {
  const BlobLock lock(
      places.locks + "/" + wanted.blob + ".lock",
      [&] { progress.note("another program loads " + wanted.file + "; waiting for it"); },
      cancelled);
  if (has_blob(places, wanted, false, cancelled)) {  // whoever had the lock has loaded it
    progress.add(static_cast<std::int64_t>(wanted.bytes));
    return 0;
  }
  PartialFile file(partial_path(places, wanted), wanted.blob, wanted.bytes, cancelled);
  progress.add(static_cast<std::int64_t>(file.size()));
  std::uint64_t came = 0;
  until_it_works([&] { try_once(fetcher, file, places, wanted, asked, progress, came); }, progress,
                 cancelled);
  return std::min(came, wanted.bytes);
}

}  // namespace sanctum::hub
