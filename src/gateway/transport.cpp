#include "gateway/transport.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>

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
  PlainTransport(Socket socket, Peer peer)
      : StreamTransport(std::make_shared<Shared<Socket>>(std::move(socket))),
        peer_(std::move(peer)) {}
  ~PlainTransport() override { close(); }
  void handshake(Done done) override { done(true); }
  void shutdown() override {
    error_code ignored;
    shared_->stream.shutdown(asio::socket_base::shutdown_send, ignored);
  }
  void close() override { close_socket(shared_->stream); }
  const Peer& peer() const override { return peer_; }

 private:
  Peer peer_;
};

using TlsStream = asio::ssl::stream<Socket>;

// Of the certificate that the client has shown (RFC 2253).
std::string subject_of(SSL* connection) {
  const std::unique_ptr<X509, decltype(&::X509_free)> certificate(
      ::SSL_get1_peer_certificate(connection), &::X509_free);
  const std::unique_ptr<BIO, decltype(&::BIO_free)> out(::BIO_new(::BIO_s_mem()), &::BIO_free);
  if (!certificate || !out) return {};
  ::X509_NAME_print_ex(out.get(), ::X509_get_subject_name(certificate.get()), 0, XN_FLAG_RFC2253);
  char* bytes = nullptr;
  const long size = ::BIO_get_mem_data(out.get(), &bytes);
  return std::string(bytes, static_cast<std::size_t>(size));
}

class TlsTransport : public StreamTransport<TlsStream> {
 public:
  TlsTransport(Socket socket, Peer peer, std::shared_ptr<asio::ssl::context> context)
      : StreamTransport(std::make_shared<Shared<TlsStream>>(std::move(socket), *context)),
        context_(std::move(context)),
        peer_(std::make_shared<Peer>(std::move(peer))) {}
  ~TlsTransport() override { close(); }

  void handshake(Done done) override {
    shared_->stream.async_handshake(
        asio::ssl::stream_base::server,
        [shared = shared_, peer = peer_, done = std::move(done)](error_code ec) {
          if (!ec) peer->subject = subject_of(shared->stream.native_handle());
          done(!ec);
        });
  }
  void shutdown() override {
    shared_->stream.async_shutdown([shared = shared_](error_code) {
      error_code ignored;
      shared->stream.next_layer().shutdown(asio::socket_base::shutdown_send, ignored);
    });
  }
  void close() override { close_socket(shared_->stream.next_layer()); }
  const Peer& peer() const override { return *peer_; }

 private:
  std::shared_ptr<asio::ssl::context> context_;
  const std::shared_ptr<Peer> peer_;  // a handshake may outlast us
};

}  // namespace

std::unique_ptr<Transport> make_plain_transport(Socket socket, Peer peer) {
  return std::make_unique<PlainTransport>(std::move(socket), std::move(peer));
}

std::unique_ptr<Transport> make_tls_transport(Socket socket, Peer peer,
                                              std::shared_ptr<asio::ssl::context> context) {
  return std::make_unique<TlsTransport>(std::move(socket), std::move(peer), std::move(context));
}

}  // namespace sanctum::gateway
