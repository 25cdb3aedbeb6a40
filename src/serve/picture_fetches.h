// Pictures fetched by URL on threads of their own (gateway/picture_fetcher.h).
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/thread_group.h"
#include "gateway/picture_fetcher.h"

namespace sanctum::serve {

inline constexpr int kPictureFetchesAtOnceMax = 4;

class PictureFetches : public gateway::PictureFetcher {
 public:
  PictureFetches();
  // What is not there yet is told that it will not come.
  ~PictureFetches() override;

  void fetch(std::vector<std::string> urls, std::shared_ptr<const std::atomic<bool>> given_up,
             std::function<void(gateway::FetchedPictures)> done) override;

 private:
  struct Request;
  // Of one request, and which of its URLs.
  struct Wanted {
    std::shared_ptr<Request> request;
    std::size_t which;
  };
  void work();
  void tell_to_stop();
  void fetch_one(const Wanted& wanted);

  std::mutex mutex_;  // guards the next two, and what requests say is guarded
  std::condition_variable changed_;
  std::deque<Wanted> wanted_;
  std::size_t requests_ = 0;  // that are not told yet
  std::atomic<bool> stopping_ = false;
  ThreadGroup threads_;
};

}  // namespace sanctum::serve
