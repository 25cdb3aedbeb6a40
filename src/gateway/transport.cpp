#include "gateway/transport.h"

#include <array>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <utility>

#include "gateway/transport_asio.h"

namespace sanctum::gateway {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::size_t kReadBytes = 16 * 1024;

void close_socket(Socket& socket) {
  error_code ignored;
  socket.close(ignored);
}

// The streams live in shared state because their operations may outlast the transport.
template <class Stream>
struct Shared {
  template <class... Args>
  explicit Shared(Args&&... args) : stream(std::forward<Args>(args)...) {}
  Stream stream;
  std::array<char, kReadBytes> bytes;
};

template <class Stream>
class StreamTransport : public Transport {
 public:
  explicit StreamTransport(std::shared_ptr<Shared<Stream>> shared) : shared_(std::move(shared)) {}

  void read(ReadDone done) override {
    shared_->stream.async_read_some(
        asio::buffer(shared_->bytes),
        [shared = shared_, done = std::move(done)](error_code ec, std::size_t n) {
          done(ec ? std::string_view() : std::string_view(shared->bytes.data(), n));
        });
  }

  void write(std::string_view bytes, Done done) override {
    asio::async_write(
        shared_->stream, asio::buffer(bytes.data(), bytes.size()),
        [shared = shared_, done = std::move(done)](error_code ec, std::size_t) { done(!ec); });
  }

 protected:
  std::shared_ptr<Shared<Stream>> shared_;
};

class PlainTransport : public StreamTransport<Socket> {
 public:
  PlainTransport(Socket socket, std::string peer)
      : StreamTransport(std::make_shared<Shared<Socket>>(std::move(socket))),
        peer_(std::move(peer)) {}
  ~PlainTransport() override { close(); }
  void handshake(Done done) override { done(true); }
  void shutdown() override {
    error_code ignored;
    shared_->stream.shutdown(asio::socket_base::shutdown_send, ignored);
  }
  void close() override { close_socket(shared_->stream); }
  std::string peer() const override { return peer_; }

 private:
  std::string peer_;
};

using TlsStream = asio::ssl::stream<Socket>;

class TlsTransport : public StreamTransport<TlsStream> {
 public:
  TlsTransport(Socket socket, std::string peer, std::shared_ptr<asio::ssl::context> context)
      : StreamTransport(std::make_shared<Shared<TlsStream>>(std::move(socket), *context)),
        context_(std::move(context)),
        peer_(std::move(peer)) {}
  ~TlsTransport() override { close(); }

  void handshake(Done done) override {
    shared_->stream.async_handshake(
        asio::ssl::stream_base::server,
        [shared = shared_, done = std::move(done)](error_code ec) { done(!ec); });
  }
  void shutdown() override {
    shared_->stream.async_shutdown([shared = shared_](error_code) {
      error_code ignored;
      shared->stream.next_layer().shutdown(asio::socket_base::shutdown_send, ignored);
    });
  }
  void close() override { close_socket(shared_->stream.next_layer()); }
  std::string peer() const override { return peer_; }

 private:
  std::shared_ptr<asio::ssl::context> context_;
  std::string peer_;
};

}  // namespace

std::unique_ptr<Transport> make_plain_transport(Socket socket, std::string peer) {
  return std::make_unique<PlainTransport>(std::move(socket), std::move(peer));
}

std::unique_ptr<Transport> make_tls_transport(Socket socket, std::string peer,
                                              std::shared_ptr<asio::ssl::context> context) {
  return std::make_unique<TlsTransport>(std::move(socket), std::move(peer), std::move(context));
}

}  // namespace sanctum::gateway
