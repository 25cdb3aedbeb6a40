#include "hub/listing.h"

#include "hub/address.h"
#include "hub/blob_name.h"
#include "hub/retry.h"

namespace sanctum::hub {
namespace {

// A reply of 2xx, or a redirect that a HEAD is content with.
Fetched answered(Fetcher& fetcher, const FetchCall& call, const Asked& asked, Progress& progress,
                 const std::function<bool()>& cancelled) {
  Fetched fetched;
  until_it_works(
      [&] {
        fetched = fetcher.fetch(call);
        const int status = fetched.head.status;
        const bool good = status / 100 == 2 || (call.head_only && status / 100 == 3);
        if (fetched.end == FetchEnd::kAnswered && good) return;
        const Error error = failure_of(fetched, asked);
        if (!may_be_tried_again(fetched) || fetched.end == FetchEnd::kUnreachable) throw error;
        throw TryFailed{{trouble_of(fetched), false, fetched.head.retry_after}, error};
      },
      progress, cancelled);
  return fetched;
}

}  // namespace

RemoteList fetch_list(Fetcher& fetcher, const Asked& asked, Progress& progress,
                      const std::function<bool()>& cancelled) {
  const FetchCall call{list_url(asked.endpoint, asked.model, asked.revision)};
  return read_file_list(answered(fetcher, call, asked, progress, cancelled).body);
}

std::vector<BlobWanted> wanted_blobs(Fetcher& fetcher, const Asked& asked,
                                     const std::string& commit,
                                     const std::vector<RemoteFile>& files, Progress& progress,
                                     const std::function<bool()>& cancelled) {
  std::vector<BlobWanted> all;
  for (const auto& file : files) {
    BlobWanted wanted{file.path, file_url(asked.endpoint, asked.model, commit, file.path), commit,
                      file.blob, file.size.value_or(0)};
    if (file.blob.empty() || !file.size) {
      Asked of_file = asked;
      of_file.file = file.path;
      const FetchHead head =
          answered(fetcher, {wanted.url, true}, of_file, progress, cancelled).head;
      if (wanted.blob.empty()) wanted.blob = head.etag;
      const auto size = file.size ? file.size : head.size;
      if (!size || *size > kFileBytesMax || !is_blob_name(wanted.blob))
        throw Error(ErrorCode::kCorrupt,
                    asked.endpoint + " does not tell the length and the ETag of " + file.path +
                        ": is it a hub, or a proxy that takes them away?",
                    "hub");
      wanted.bytes = *size;
    }
    all.push_back(std::move(wanted));
  }
  return all;
}

}  // namespace sanctum::hub
