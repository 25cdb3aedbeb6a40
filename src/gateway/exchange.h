// One request and its answer, as an API handler sees them.
//
// Contract: a handler answers with respond(), or with start_stream(), write()... and finish();
// after that, or once `gone` has been called, the exchange is over and further calls do nothing.
// Thread rule: `post` from any thread, everything else on the connection's strand.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/http_message.h"

namespace sanctum::gateway {

class Exchange {
 public:
  virtual ~Exchange() = default;
  virtual const HttpRequest& request() const = 0;
  // The request's body, once: large ones should not live as long as the answer takes.
  virtual std::string take_body() = 0;
  // Also sent as the X-Request-Id header; unique in this process's life.
  virtual const std::string& id() const = 0;
  virtual void post(std::function<void()> action) = 0;

  virtual void respond(HttpResponse response) = 0;
  virtual void start_stream(HttpResponse head) = 0;
  virtual void write(std::string bytes) = 0;
  virtual void finish() = 0;
  // Ends the connection without a further word.
  virtual void drop() = 0;

  // True when nothing waits to be written: the moment to format what has gathered.
  virtual bool writable() const = 0;
  virtual void on_writable(std::function<void()> action) = 0;
  // The client left before the answer was complete.
  virtual void on_gone(std::function<void()> action) = 0;
  // One timer for the handler's own use.
  virtual void after(std::chrono::milliseconds delay, std::function<void()> action) = 0;
};

using Handler = std::function<void(const std::shared_ptr<Exchange>&)>;

// What is decided about a request by its head, before its body is read.
struct Entry {
  std::optional<HttpResponse> answer;  // instead of the handler's
  std::vector<HeaderLine> headers;     // of whatever is answered, errors and streams included
  std::string key;                     // the name of the API key that it showed
  std::string key_id = {};             // as Peer has it
};
using Door = std::function<Entry(const HttpRequest& head)>;

}  // namespace sanctum::gateway
