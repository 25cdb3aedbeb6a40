#include "gateway/listener.h"

#include <fcntl.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <charconv>
#include <filesystem>
#include <functional>
#include <future>
#include <utility>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "gateway/transport_asio.h"

namespace sanctum::gateway {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr int kBacklog = 512;
constexpr unsigned char kSessionContext[] = "sanctum";
constexpr std::chrono::milliseconds kAcceptPause{100};  // before another try, when one has failed
constexpr std::chrono::milliseconds kFailureToldEvery{1000};
constexpr std::chrono::milliseconds kRoomPause{10};  // for a connection to leave

std::shared_ptr<asio::ssl::context> make_tls(const TlsFiles& files) {
  auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
  const auto use = [](const char* what, const std::string& path, auto action) {
    error_code ec;
    std::error_code there;
    // Of a pipe nobody may ever write a word.
    const bool file = std::filesystem::is_regular_file(path, there);
    if (file) action(ec);
    if (ec || !file)
      throw Error(ErrorCode::kCorrupt, std::string("cannot use the ") + what + " " + path + ": " +
                                           (file ? ec.message() : "it is no regular file"));
  };
  ::SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  use("certificate", files.certificate,
      [&](error_code& ec) { context->use_certificate_chain_file(files.certificate, ec); });
  use("private key", files.key, [&](error_code& ec) {
    context->use_private_key_file(files.key, asio::ssl::context::pem, ec);
  });
  if (::SSL_CTX_check_private_key(context->native_handle()) != 1)
    throw Error(ErrorCode::kCorrupt, "the private key " + files.key + " is not that of " +
                                         files.certificate +
                                         "; `sanctum certs init --force` makes both anew");
  use("certificate authority", files.authority,
      [&](error_code& ec) { context->load_verify_file(files.authority, ec); });
  // Whose certificates we take: browsers and phones offer no others then.
  ::SSL_CTX_set_client_CA_list(context->native_handle(),
                               ::SSL_load_client_CA_file(files.authority.c_str()));
  // Without a name of their own, sessions that clients resume are refused by OpenSSL.
  ::SSL_CTX_set_session_id_context(context->native_handle(), kSessionContext,
                                   sizeof kSessionContext - 1);
  context->set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert);
  return context;
}

// With an IPv4 address as one, also where it came in by a socket of IPv6.
std::string written(const asio::ip::tcp::endpoint& endpoint) {
  auto address = endpoint.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  return to_string(Address{address.to_string(), endpoint.port()});
}

// What a connection of each kind starts with; returns its peer.
template <class Executor>
Peer begin(asio::basic_stream_socket<asio::ip::tcp, Executor>& socket, const Address& listener,
           bool tls) {
  error_code ec;
  socket.set_option(asio::ip::tcp::no_delay(true), ec);
  const auto peer = socket.remote_endpoint(ec);
  const std::string address = ec ? "unknown" : written(peer);
  const auto local = socket.local_endpoint(ec);
  return {tls ? ListenerKind::kMutualTls : ListenerKind::kPlain,
          listener.host,
          address,
          {},
          {},
          ec ? to_string(listener) : written(local)};
}

template <class Executor>
Peer begin(asio::basic_stream_socket<asio::local::stream_protocol, Executor>&,
           const Address& listener, bool) {
  return {ListenerKind::kControl, listener.host, "this machine", {}, {}};
}

// A descriptor to give up when there is no other.
class Spare {
 public:
  Spare() { keep(); }
  ~Spare() { give_up(); }
  Spare(const Spare&) = delete;
  Spare& operator=(const Spare&) = delete;
  bool there() const { return descriptor_ >= 0; }
  void keep() {
    if (!there()) descriptor_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  }
  void give_up() {
    if (there()) ::close(descriptor_);
    descriptor_ = -1;
  }

 private:
  int descriptor_ = -1;
};

bool somebody_knocks(int listening) {
  pollfd knock{listening, POLLIN, 0};
  return ::poll(&knock, 1, 0) > 0;
}

bool out_of_descriptors(const error_code& ec) {
  return ec == asio::error::no_descriptors ||
         ec == boost::system::errc::too_many_files_open_in_system;
}

}  // namespace

Address parse_address(const std::string& text, const std::string& field) {
  const auto fail = [&]() -> Address {
    throw Error(
        ErrorCode::kInvalid,
        field + " must be an address like 127.0.0.1:1338, [::1]:1338 or 1338, not '" + text + "'",
        field);
  };
  const std::size_t colon = text.rfind(':');
  const bool port_alone = colon == std::string::npos;
  Address address{port_alone ? "" : text.substr(0, colon), 0};
  const std::string port = port_alone ? text : text.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (port.empty() || error != std::errc() || end != port.data() + port.size()) return fail();
  if (address.host == "localhost" || address.host.empty()) address.host = "127.0.0.1";
  const bool bracketed =
      address.host.size() > 2 && address.host.front() == '[' && address.host.back() == ']';
  if (bracketed) address.host = address.host.substr(1, address.host.size() - 2);
  error_code ec;
  const auto parsed = asio::ip::make_address(address.host, ec);
  if (ec || parsed.is_v6() != bracketed) return fail();
  return address;
}

bool is_loopback(const Address& address) {
  error_code ec;
  const auto parsed = asio::ip::make_address(address.host, ec);
  if (ec) return false;
  if (parsed.is_v6() && parsed.to_v6().is_v4_mapped())
    return asio::ip::make_address_v4(asio::ip::v4_mapped, parsed.to_v6()).is_loopback();
  return parsed.is_loopback();
}

std::string to_string(const Address& address) {
  const bool six = address.host.find(':') != std::string::npos;
  return (six ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

class Listener::Acceptor {
 public:
  virtual ~Acceptor() = default;
  virtual void start() = 0;
  virtual void close() = 0;
  virtual Address address() const = 0;
};

template <class Protocol>
class Listener::AcceptorOf : public Acceptor,
                             public std::enable_shared_from_this<AcceptorOf<Protocol>> {
 public:
  using Endpoint = typename Protocol::endpoint;
  using AcceptSocket = asio::basic_socket_acceptor<Protocol, StrandExecutor>;
  using Accepting = asio::basic_stream_socket<Protocol, StrandExecutor>;

  // `prepare` is called between bind and listen.
  AcceptorOf(EventLoop& loop, const Endpoint& endpoint, Address address,
             std::shared_ptr<asio::ssl::context> tls, Hooks hooks,
             const std::function<void(AcceptSocket&, Address&)>& prepare)
      : loop_(loop),
        executor_(asio::make_strand(loop.context().io)),
        acceptor_(executor_),
        pause_(executor_),
        tls_(std::move(tls)),
        hooks_(std::move(hooks)),
        address_(std::move(address)) {
    error_code ec;
    acceptor_.open(endpoint.protocol(), ec);
    if (!ec) acceptor_.set_option(asio::socket_base::reuse_address(true), ec);
    if (!ec) acceptor_.bind(endpoint, ec);
    if (!ec) prepare(acceptor_, address_);
    if (!ec) acceptor_.listen(kBacklog, ec);
    if (!ec) acceptor_.non_blocking(true, ec);
    if (ec) {
      const std::string where = address_.port == 0 ? address_.host : to_string(address_);
      throw Error(ErrorCode::kUnavailable, "cannot listen on " + where + ": " + ec.message());
    }
  }

  void start() override {
    asio::post(executor_, [self = this->shared_from_this()] { self->accept(); });
  }

  void close() override {
    std::promise<void> closed;
    asio::post(executor_, [&] {
      error_code ignored;
      acceptor_.close(ignored);
      pause_.cancel();
      closed.set_value();
    });
    closed.get_future().wait();
  }

  Address address() const override { return address_; }

 private:
  void accept() {
    acceptor_.async_accept(asio::make_strand(loop_.context().io),
                           [self = this->shared_from_this()](error_code ec, Accepting socket) {
                             self->on_accept(ec, std::move(socket));
                           });
  }

  void on_accept(error_code ec, Accepting socket) {
    if (!acceptor_.is_open()) return;
    try {
      if (ec) return failed(ec);
      let_in(std::move(socket));
    } catch (const std::exception& error) {  // whatever becomes of this one, others will come
      log::error("connection_lost", {{"error", error.what()}});
    }
    accept();
  }

  void let_in(Accepting socket) {
    spare_.keep();
    const Peer peer = begin(socket, address_, tls_ != nullptr);
    const StrandExecutor executor = socket.get_executor();
    asio::post(executor, [self = this->shared_from_this(), executor, peer,
                          socket = std::move(socket)]() mutable {
      auto transport = self->tls_ ? make_tls_transport(std::move(socket), peer, self->tls_)
                                  : make_plain_transport(std::move(socket), peer);
      self->hooks_.accepted(make_strand(executor), std::move(transport));
    });
  }

  void failed(error_code ec) {
    // Without a descriptor the system says so before it looks whether anybody is there.
    if (out_of_descriptors(ec) && !somebody_knocks(acceptor_.native_handle())) {
      acceptor_.async_wait(asio::socket_base::wait_read,
                           [self = this->shared_from_this()](error_code stopped) {
                             if (!stopped) self->accept();
                           });
      return;
    }
    auto pause = kAcceptPause;
    if (const Instant now = Clock::now(); now >= tell_next_) {
      tell_next_ = now + kFailureToldEvery;
      log::warn("accept_failed", {{"error", ec.message()}});
    }
    if (out_of_descriptors(ec)) {
      if (hooks_.make_room && hooks_.make_room())
        pause = kRoomPause;
      else if (turn_away())
        return accept();
    }
    pause_.expires_after(pause);
    pause_.async_wait([self = this->shared_from_this()](error_code stopped) {
      if (!stopped) self->accept();
    });
  }

  // Who knocks; let in after all if meanwhile there are descriptors. False when it could not be
  // done.
  bool turn_away() {
    spare_.keep();
    if (!spare_.there()) return false;
    spare_.give_up();
    Accepting socket(asio::make_strand(loop_.context().io));
    error_code ec;
    acceptor_.accept(socket, ec);
    spare_.keep();
    if (!ec && spare_.there()) {
      let_in(std::move(socket));
    } else {
      socket.close(ec);
      spare_.keep();
    }
    return true;
  }

  EventLoop& loop_;
  StrandExecutor executor_;
  AcceptSocket acceptor_;
  asio::basic_waitable_timer<std::chrono::steady_clock,
                             asio::wait_traits<std::chrono::steady_clock>, StrandExecutor>
      pause_;
  std::shared_ptr<asio::ssl::context> tls_;
  const Hooks hooks_;
  Address address_;
  Spare spare_;
  Instant tell_next_{};  // that accepting fails
};

void check_tls_files(const TlsFiles& files) {
  make_tls(files);
}

Listener::Listener(EventLoop& loop, const Address& address, const std::optional<TlsFiles>& tls,
                   Hooks hooks)
    : acceptor_(std::make_shared<AcceptorOf<asio::ip::tcp>>(
          loop, asio::ip::tcp::endpoint(asio::ip::make_address(address.host), address.port),
          address, tls ? make_tls(*tls) : nullptr, std::move(hooks),
          [](auto& acceptor, Address& bound) { bound.port = acceptor.local_endpoint().port(); })) {
  acceptor_->start();
}

Listener::Listener(EventLoop& loop, const std::string& path, Hooks hooks) {
  if (path.size() > kSocketPathMax) {
    throw Error(ErrorCode::kInvalid, "the path of the socket " + path + " is longer than " +
                                         std::to_string(kSocketPathMax) +
                                         " bytes; choose a shorter --state-dir");
  }
  ::unlink(path.c_str());
  acceptor_ = std::make_shared<AcceptorOf<asio::local::stream_protocol>>(
      loop, asio::local::stream_protocol::endpoint(path), Address{path, 0}, nullptr,
      std::move(hooks), [](auto&, Address& bound) {
        // Before anybody can connect.
        if (::chmod(bound.host.c_str(), S_IRUSR | S_IWUSR) != 0)
          throw Error(ErrorCode::kUnavailable, "cannot protect the socket " + bound.host);
      });
  acceptor_->start();
}

Listener::~Listener() {
  close();
}
Address Listener::address() const {
  return acceptor_->address();
}
void Listener::close() {
  if (acceptor_) acceptor_->close();
  acceptor_.reset();
}

}  // namespace sanctum::gateway
