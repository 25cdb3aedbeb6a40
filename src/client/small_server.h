// A real HTTP server on 127.0.0.1 for tests: it reads requests and lets the test write the bytes.
//
// Thread rule: the handler runs on the server's thread, one connection at a time.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <thread>

namespace sanctum::client {

class SmallServer {
 public:
  struct Request {
    std::string head;  // request line and headers
    std::string body;
  };
  class Peer {
   public:
    explicit Peer(int socket) : socket_(socket) {}
    void write(std::string_view bytes);
    // Blocks until the other side has closed; true when it did within the test's patience.
    bool closed_by_client();
    // Ends the connection after the handler.
    void hang_up() { hung_up_ = true; }
    bool hung_up() const { return hung_up_; }

   private:
    int socket_;
    bool hung_up_ = false;
  };
  using Handler = std::function<void(const Request&, Peer&)>;

  explicit SmallServer(Handler handler);
  ~SmallServer();
  std::string url() const;

 private:
  void serve();
  void talk(int socket);

  Handler handler_;
  int listener_ = -1;
  int port_ = 0;
  std::thread thread_;
};

// A whole response with Content-Length.
std::string response(int status, std::string_view type, std::string_view body,
                     std::string_view extra_headers = {});

}  // namespace sanctum::client
