// The generations that run, by the name of their answer, so that whoever asked can end one.
//
// Contract: a request belongs to its owner (owner_of()); to anybody else it is not there. Thread
// rule: any thread; `cancel` of a request is called by whoever cancels.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>

namespace sanctum::gateway {

class RunningRequests {
 public:
  void began(const std::string& id, const std::string& owner, std::function<void()> cancel);
  void ended(const std::string& id);
  // `name`: the request's id (X-Request-Id), or the answer's: "chatcmpl-...", "resp_...". False
  // where none of the owner's runs.
  bool cancel(const std::string& name, const std::string& owner);

 private:
  struct Running {
    std::string owner;
    std::function<void()> cancel;
  };
  std::mutex mutex_;
  std::map<std::string, Running> running_;
};

}  // namespace sanctum::gateway
