#include "gateway/transport.h"

#include <openssl/ssl.h>

#include <array>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <utility>

#include "gateway/tls_refusal.h"
#include "gateway/transport_asio.h"
#include "gateway/wrong_port.h"
#include "gateway/x509.h"

namespace sanctum::gateway {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::size_t kReadBytes = 16 * 1024;

void close_socket(Socket& socket) {
  error_code ignored;
  socket.close(ignored);
}

void end_sending(Socket& socket) {
  error_code ignored;
  socket.shutdown(asio::socket_base::shutdown_send, ignored);
}

// The streams live in shared state because their operations may outlast the transport.
template <class Stream>
struct Shared {
  template <class... Args>
  explicit Shared(Args&&... args) : stream(std::forward<Args>(args)...) {}
  Stream stream;
  std::array<char, kReadBytes> bytes;
};

// Bytes of `stream`, which is part of `shared`.
template <class Stream, class From>
void read_some(const std::shared_ptr<Shared<Stream>>& shared, From& stream,
               Transport::ReadDone done) {
  stream.async_read_some(
      asio::buffer(shared->bytes), [shared, done = std::move(done)](error_code ec, std::size_t n) {
        done(ec ? std::string_view() : std::string_view(shared->bytes.data(), n));
      });
}

template <class Stream, class To>
void write_all(const std::shared_ptr<Shared<Stream>>& shared, To& stream, std::string_view bytes,
               Transport::Done done) {
  asio::async_write(stream, asio::buffer(bytes.data(), bytes.size()),
                    [shared, done = std::move(done)](error_code ec, std::size_t) { done(!ec); });
}

class PlainTransport : public Transport {
 public:
  PlainTransport(Socket socket, Peer peer)
      : shared_(std::make_shared<Shared<Socket>>(std::move(socket))), peer_(std::move(peer)) {}
  ~PlainTransport() override { close(); }
  void handshake(HandshakeDone done) override { done({}); }
  void read(ReadDone done) override { read_some(shared_, shared_->stream, std::move(done)); }
  void write(std::string_view bytes, Done done) override {
    write_all(shared_, shared_->stream, bytes, std::move(done));
  }
  void shutdown() override { end_sending(shared_->stream); }
  void close() override { close_socket(shared_->stream); }
  const Peer& peer() const override { return peer_; }

 private:
  const std::shared_ptr<Shared<Socket>> shared_;
  Peer peer_;
};

using TlsStream = asio::ssl::stream<Socket>;

// Of the certificate that the client has shown.
std::string shown_subject(SSL* connection) {
  const Certificate certificate(::SSL_get1_peer_certificate(connection));
  return certificate ? subject_of(certificate.get()) : std::string();
}

// Nothing for who has hung up, or was closed.
std::string why_not(const error_code& ec, SSL* connection) {
  if (ec == asio::error::operation_aborted) return {};
  if (ec.category() == asio::error::get_ssl_category())
    return tls_refusal(static_cast<unsigned long>(ec.value()), ::SSL_get_verify_result(connection));
  return "it hung up in the middle of the handshake: " + ec.message();
}

class TlsTransport : public Transport {
 public:
  TlsTransport(Socket socket, Peer peer, std::shared_ptr<asio::ssl::context> context)
      : context_(std::move(context)),
        state_(std::make_shared<State>(std::move(socket), *context_, std::move(peer))) {}
  ~TlsTransport() override { close(); }

  void handshake(HandshakeDone done) override {
    error_code ignored;
    state_->stream.next_layer().non_blocking(true, ignored);
    wait_for_first_byte(state_, std::move(done));
  }
  void read(ReadDone done) override {
    state_->plain ? read_some(shared(), state_->stream.next_layer(), std::move(done))
                  : read_some(shared(), state_->stream, std::move(done));
  }
  void write(std::string_view bytes, Done done) override {
    state_->plain ? write_all(shared(), state_->stream.next_layer(), bytes, std::move(done))
                  : write_all(shared(), state_->stream, bytes, std::move(done));
  }
  void shutdown() override {
    if (state_->plain) return end_sending(state_->stream.next_layer());
    state_->stream.async_shutdown(
        [state = state_](error_code) { end_sending(state->stream.next_layer()); });
  }
  void close() override { close_socket(state_->stream.next_layer()); }
  const Peer& peer() const override { return state_->peer; }

 private:
  // A handshake may outlast us.
  struct State : Shared<TlsStream> {
    State(Socket socket, asio::ssl::context& context, Peer peer)
        : Shared(std::move(socket), context), peer(std::move(peer)) {}
    Peer peer;
    bool plain = false;  // what is spoken is no TLS
  };

  static void wait_for_first_byte(const std::shared_ptr<State>& state, HandshakeDone done) {
    state->stream.next_layer().async_wait(
        asio::socket_base::wait_read,
        [state, done = std::move(done)](error_code ec) { look(state, ec, done); });
  }

  // What the first byte begins, before OpenSSL has seen it.
  static void look(const std::shared_ptr<State>& state, error_code ec, const HandshakeDone& done) {
    char first = 0;
    const asio::mutable_buffer byte(&first, 1);
    std::size_t size = 0;
    Socket& socket = state->stream.next_layer();
    if (!ec) size = socket.receive(byte, asio::socket_base::message_peek, ec);
    if (ec == asio::error::would_block) return wait_for_first_byte(state, done);
    if (ec) return done({Handshake::Outcome::kRefused});
    if (begins_http({&first, size})) {
      state->plain = true;
      return done({Handshake::Outcome::kPlainHttp, kPlainAtTlsPort});
    }
    state->stream.async_handshake(asio::ssl::stream_base::server, [state, done](error_code failed) {
      SSL* connection = state->stream.native_handle();
      if (failed) return done({Handshake::Outcome::kRefused, why_not(failed, connection)});
      state->peer.subject = shown_subject(connection);
      done({});
    });
  }
  std::shared_ptr<Shared<TlsStream>> shared() const { return state_; }

  const std::shared_ptr<asio::ssl::context> context_;
  const std::shared_ptr<State> state_;
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
