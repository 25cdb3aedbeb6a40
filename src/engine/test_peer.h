// A peer of the service for tests, and lines to send it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "engine/service.h"
#include "wire/messages.h"
#include "wire/rpc.h"

namespace sanctum::engine {

// Remembers every line; `on_line` may call the service from within, as a fast peer would.
class FastPeer final : public Peer {
 public:
  void send(std::string_view line) override {
    const std::string text(line);
    if (on_line) on_line(text);
    std::lock_guard lock(mutex_);
    lines_.push_back(text);
    changed_.notify_all();
  }
  std::string wait_for(const std::string& part) {
    std::unique_lock lock(mutex_);
    std::string found;
    changed_.wait_for(lock, std::chrono::seconds(120), [&] {
      for (const std::string& line : lines_) {
        if (line.find(part) != std::string::npos) found = line;
      }
      return !found.empty();
    });
    return found;
  }

  std::function<void(const std::string&)> on_line;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> lines_;
};

// Of the model "m", unless another is named.
inline std::string load_line(int id, const std::string& path, const std::string& model = "m") {
  return wire::request_line(std::to_string(id), "load_model",
                            wire::encode(wire::LoadRequest{model, path}));
}

inline bool has(const std::string& line, const std::string& part) {
  return line.find(part) != std::string::npos;
}

}  // namespace sanctum::engine
