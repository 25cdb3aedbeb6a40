#include "serve/picture_fetches.h"

#include <utility>

#include "base/clock.h"
#include "client/public_fetch.h"

namespace sanctum::serve {

using gateway::FetchedPictures;

struct PictureFetches::Request {
  Request(std::vector<std::string> urls, std::shared_ptr<const std::atomic<bool>> given_up,
          std::function<void(FetchedPictures)> done)
      : urls(std::move(urls)), given_up(std::move(given_up)), done(std::move(done)) {
    left = this->urls.size();
    came.bytes.resize(left);
  }

  const std::vector<std::string> urls;
  const std::shared_ptr<const std::atomic<bool>> given_up;
  const std::function<void(FetchedPictures)> done;
  const Clock::time_point until = Clock::now() + gateway::kPictureFetchMax;
  std::atomic<bool> failed = false;  // of one, so that the others are of no use
  // Guarded by mutex_.
  FetchedPictures came = {};
  std::size_t left = 0;
  std::size_t bytes = 0;
};

PictureFetches::PictureFetches() {
  threads_.start(kPictureFetchesAtOnceMax, [this] { work(); }, [this] { tell_to_stop(); });
}

PictureFetches::~PictureFetches() {
  tell_to_stop();
  threads_.join();
}

void PictureFetches::tell_to_stop() {
  stopping_ = true;
  {
    const std::lock_guard lock(mutex_);  // so that nobody falls asleep having seen the old value
  }
  changed_.notify_all();
}

void PictureFetches::fetch(std::vector<std::string> urls,
                           std::shared_ptr<const std::atomic<bool>> given_up,
                           std::function<void(FetchedPictures)> done) {
  const std::size_t count = urls.size();
  {
    const std::lock_guard lock(mutex_);
    if (requests_ < gateway::kFetchingRequestsMax && !stopping_) {
      ++requests_;
      const auto request =
          std::make_shared<Request>(std::move(urls), std::move(given_up), std::move(done));
      for (std::size_t i = 0; i < count; ++i) wanted_.push_back({request, i});
      changed_.notify_all();
      return;
    }
  }
  done({{}, {{ErrorCode::kBusy, "pictures of too many requests are being fetched", 0}}});
}

// Until all are told, also when it ends: then they are told soon.
void PictureFetches::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || !wanted_.empty(); });
    if (wanted_.empty()) return;
    const Wanted wanted = std::move(wanted_.front());
    wanted_.pop_front();
    lock.unlock();
    fetch_one(wanted);
    lock.lock();
  }
}

void PictureFetches::fetch_one(const Wanted& wanted) {
  Request& request = *wanted.request;
  client::PublicFetchLimits limits;
  limits.until = request.until;
  limits.redirects_max = gateway::kPictureRedirectsMax;
  limits.given_up = [this, &request] { return stopping_ || *request.given_up || request.failed; };
  {
    const std::lock_guard lock(mutex_);
    limits.bytes_max = std::min(limits.bytes_max, gateway::kFetchedBytesMax - request.bytes);
  }
  auto fetched = client::fetch_public(request.urls[wanted.which], limits);
  FetchedPictures came;
  {
    const std::lock_guard lock(mutex_);
    request.bytes += fetched.bytes.size();
    if (fetched.why.empty() && request.bytes > gateway::kFetchedBytesMax)
      fetched.why = "the request's pictures have more than " +
                    std::to_string(gateway::kFetchedBytesMax) + " bytes in all";
    if (!fetched.why.empty() && !request.failed.exchange(true))
      request.came.failure = {stopping_ ? ErrorCode::kUnavailable : ErrorCode::kInvalid,
                              fetched.why, wanted.which};
    request.came.bytes[wanted.which] = std::move(fetched.bytes);
    if (--request.left > 0) return;
    --requests_;
    came = std::move(request.came);
  }
  request.done(std::move(came));
}

}  // namespace sanctum::serve
