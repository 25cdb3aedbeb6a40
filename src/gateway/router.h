// Path and method to handler; everything that has no handler gets OpenAI's error form.
#pragma once

#include <map>
#include <string>

#include "gateway/exchange.h"

namespace sanctum::gateway {

class Router {
 public:
  // A path ending in '/' (but "/") also takes everything below it. GET serves HEAD too.
  void add(const std::string& method, const std::string& path, Handler handler);
  // Answers 404, 405 (with Allow) and OPTIONS itself. A handler that throws Error is answered for.
  void handle(const std::shared_ptr<Exchange>& exchange) const;

 private:
  std::map<std::string, std::map<std::string, Handler>> paths_;
};

}  // namespace sanctum::gateway
