#include "client/small_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>

namespace sanctum::client {
namespace {

constexpr int kPatienceMs = 10'000;

// The next bytes, or nothing when the peer has closed.
std::string receive(int socket) {
  pollfd waiting{socket, POLLIN, 0};
  if (poll(&waiting, 1, kPatienceMs) <= 0) return {};
  char bytes[65536];
  const auto count = recv(socket, bytes, sizeof bytes, 0);
  return count > 0 ? std::string(bytes, static_cast<std::size_t>(count)) : std::string();
}

std::size_t content_length(const std::string& head) {
  const auto at = head.find("Content-Length: ");
  return at == std::string::npos ? 0 : std::strtoul(head.c_str() + at + 16, nullptr, 10);
}

}  // namespace

void SmallServer::Peer::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto count = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

bool SmallServer::Peer::closed_by_client() {
  hung_up_ = true;
  pollfd waiting{socket_, POLLIN, 0};
  if (poll(&waiting, 1, kPatienceMs) <= 0) return false;
  char byte = 0;
  return recv(socket_, &byte, 1, 0) <= 0;
}

SmallServer::SmallServer(Handler handler) : handler_(std::move(handler)) {
  listener_ = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (listener_ < 0 || bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      listen(listener_, 64) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("the test server cannot listen");
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

SmallServer::~SmallServer() {
  shutdown(listener_, SHUT_RDWR);
  thread_.join();
  close(listener_);
}

std::string SmallServer::url() const {
  return "http://127.0.0.1:" + std::to_string(port_);
}

void SmallServer::serve() {
  for (;;) {
    const int socket = accept(listener_, nullptr, nullptr);
    if (socket < 0) return;
    talk(socket);
    close(socket);
  }
}

void SmallServer::talk(int socket) {
  std::string bytes;
  for (;;) {
    auto end = bytes.find("\r\n\r\n");
    while (end == std::string::npos) {
      const auto more = receive(socket);
      if (more.empty()) return;
      bytes += more;
      end = bytes.find("\r\n\r\n");
    }
    Request request{bytes.substr(0, end), {}};
    const auto whole = end + 4 + content_length(request.head);
    while (bytes.size() < whole) {
      const auto more = receive(socket);
      if (more.empty()) return;
      bytes += more;
    }
    request.body = bytes.substr(end + 4, whole - end - 4);
    bytes.erase(0, whole);
    Peer peer(socket);
    handler_(request, peer);
    if (peer.hung_up()) return;
  }
}

std::string response(int status, std::string_view type, std::string_view body,
                     std::string_view extra_headers) {
  return "HTTP/1.1 " + std::to_string(status) + " Status\r\nContent-Type: " + std::string(type) +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         std::string(extra_headers) + "\r\n" + std::string(body);
}

}  // namespace sanctum::client
