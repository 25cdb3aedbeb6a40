#include "gateway/http_client.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace sanctum::gateway {
namespace {
constexpr int kPatienceS = 20;
}  // namespace

HttpClient::HttpClient() : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {}
HttpClient::HttpClient(std::uint16_t port) : HttpClient() {
  connect(port);
}
HttpClient::~HttpClient() {
  close();
}

void HttpClient::connect(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const timeval patience{kPatienceS, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  EXPECT_EQ(::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
}

void HttpClient::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

void HttpClient::send(const std::string& bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = ::send(fd_, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
    if (n <= 0) return;  // the server may have refused already
    done += static_cast<std::size_t>(n);
  }
}

void HttpClient::post(const std::string& path, const std::string& body) {
  send("POST " + path +
       " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: " +
       std::to_string(body.size()) + "\r\n\r\n" + body);
}

HttpReply HttpClient::get(const std::string& path) {
  send("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
  return reply();
}

bool HttpClient::fill() {
  char bytes[16384];
  const ssize_t n = ::recv(fd_, bytes, sizeof bytes, 0);
  if (n <= 0) return false;
  buffer_.append(bytes, static_cast<std::size_t>(n));
  return true;
}

std::string HttpClient::take_until(const std::string& mark) {
  std::size_t at;
  while ((at = buffer_.find(mark)) == std::string::npos) {
    if (!fill()) return {};
  }
  std::string out = buffer_.substr(0, at + mark.size());
  buffer_.erase(0, out.size());
  return out;
}

std::string HttpClient::take(std::size_t n) {
  while (buffer_.size() < n && fill()) {
  }
  std::string out = buffer_.substr(0, n);
  buffer_.erase(0, out.size());
  return out;
}

std::string HttpClient::read_until(const std::string& text) {
  return take_until(text);
}

bool HttpClient::at_end() {
  errno = 0;
  while (fill()) {
  }
  return errno != EAGAIN && errno != EWOULDBLOCK;  // our patience ended before it did
}

HttpReply HttpClient::reply(bool head_only) {
  HttpReply reply;
  std::string head = take_until("\r\n\r\n");
  if (head.empty()) return reply;
  reply.status = std::stoi(head.substr(9, 3));
  for (std::size_t at = head.find("\r\n") + 2; at + 2 < head.size();) {
    const std::size_t end = head.find("\r\n", at);
    const std::string line = head.substr(at, end - at);
    const std::size_t colon = line.find(": ");
    std::string name = line.substr(0, colon);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    reply.headers[name] = line.substr(colon + 2);
    at = end + 2;
  }
  if (head_only || reply.status == 204 || reply.status == 100) return reply;
  if (reply.headers.count("content-length") > 0) {
    reply.body = take(std::stoul(reply.headers["content-length"]));
  } else if (reply.headers.count("transfer-encoding") > 0) {
    while (true) {
      const std::size_t size = std::stoul(take_until("\r\n"), nullptr, 16);
      const std::string chunk = take(size + 2);
      if (size == 0) break;
      reply.body += chunk.substr(0, size);
    }
  } else {
    while (fill()) {
    }
    reply.body = std::exchange(buffer_, {});
  }
  return reply;
}

}  // namespace sanctum::gateway
