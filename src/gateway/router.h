// Path and method to handler, and how errors are spelled there: as OpenAI does, unless a path has a
// form of its own.
#pragma once

#include <map>
#include <string>

#include "gateway/exchange.h"

namespace sanctum::gateway {

class Router {
 public:
  // A path ending in '/' (but "/") also takes everything below it. GET serves HEAD too.
  void add(const std::string& method, const std::string& path, Handler handler);
  using ErrorForm = std::string (*)(const ApiError&);
  void spell(const std::string& path, ErrorForm form);
  // The body of an error at a path, also one that has no handler.
  std::string spelled(const std::string& path, const ApiError& error) const;
  // Answers 404, 405 (with Allow) and OPTIONS itself. A handler that throws Error is answered for.
  void handle(const std::shared_ptr<Exchange>& exchange) const;

 private:
  struct Path {
    std::map<std::string, Handler> methods;
    ErrorForm form = nullptr;
  };
  const Path* find(const std::string& path) const;

  std::map<std::string, Path> paths_;
};

}  // namespace sanctum::gateway
