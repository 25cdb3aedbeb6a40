// Pictures that a request names by URL, fetched for it: only where the person who runs the server
// allows it.
//
// Contract: nothing of this machine's networks is reached (platform/public_address.h,
// own_networks.h), whatever a name leads to and wherever a redirect does. The callback comes once,
// on any thread; soon after kPictureFetchMax at the latest, counted from the call, or after
// `given_up` was set. Thread rule: any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"

namespace sanctum::gateway {

inline constexpr std::chrono::seconds kPictureFetchMax{20};  // all of one request's
inline constexpr int kPictureRedirectsMax = 3;
inline constexpr std::size_t kFetchedBytesMax = 64u << 20;  // all of one request's
inline constexpr std::size_t kFetchingRequestsMax = 8;      // beyond those: kBusy

struct FetchedPictures {
  struct Failure {
    ErrorCode code = ErrorCode::kInvalid;
    std::string why;
    std::size_t which = 0;  // of the URLs
  };
  std::vector<std::string> bytes;  // as many as URLs, where all came
  std::optional<Failure> failure = {};
};

class PictureFetcher {
 public:
  virtual ~PictureFetcher() = default;
  virtual void fetch(std::vector<std::string> urls,
                     std::shared_ptr<const std::atomic<bool>> given_up,
                     std::function<void(FetchedPictures)> done) = 0;
};

}  // namespace sanctum::gateway
