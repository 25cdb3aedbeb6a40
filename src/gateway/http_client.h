// A blocking HTTP client for tests: bytes in, bytes out, nothing hidden.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace sanctum::gateway {

struct HttpReply {
  int status = 0;                              // 0: the server closed the connection first
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;                            // chunks joined
};

class HttpClient {
 public:
  HttpClient();  // not yet connected; its descriptor is there
  explicit HttpClient(std::uint16_t port);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  void connect(std::uint16_t port);
  void send(const std::string& bytes);
  void post(const std::string& path, const std::string& body);
  HttpReply reply(bool head_only = false);
  HttpReply get(const std::string& path);
  // Reads until `text` has come; everything so far. Empty when the stream ended first.
  std::string read_until(const std::string& text);
  bool at_end();  // waits for the server to close; false when it does not
  void close();
  int fd() const { return fd_; }

 private:
  bool fill();
  std::string take_until(const std::string& mark);
  std::string take(std::size_t n);
  int fd_ = -1;
  std::string buffer_;
};

}  // namespace sanctum::gateway
