#include "gateway/connection.h"

#include <algorithm>
#include <deque>
#include <new>
#include <optional>
#include <utility>
#include <vector>

#include "base/log.h"
#include "gateway/api_error.h"
#include "gateway/openai_error.h"
#include "gateway/request_id.h"
#include "gateway/request_parser.h"
#include "gateway/wrong_port.h"

namespace sanctum::gateway {
namespace {

constexpr std::size_t kWriteSliceBytes = 64 * 1024;
constexpr std::size_t kSmallBodyBytes = 64 * 1024;  // no more is served whatever others hold
constexpr Clock::rep kBusy = 0, kLeaving = -1;

class HttpConnection : public Connection, public std::enable_shared_from_this<HttpConnection> {
 public:
  HttpConnection(std::shared_ptr<ConnectionShared> shared, std::shared_ptr<Strand> strand,
                 std::unique_ptr<Transport> transport, bool reserved, std::function<void()> closed)
      : shared_(std::move(shared)),
        strand_(std::move(strand)),
        transport_(std::move(transport)),
        reserved_(reserved),
        closed_(std::move(closed)),
        deadline_(strand_->make_timer()),
        write_deadline_(strand_->make_timer()) {}

  ~HttpConnection() override { account_body(0); }

  void start() override;
  void drain() override;
  void abort() override;
  std::optional<Instant> idle_since() const override;
  bool leave() override;

 private:
  friend class HttpExchange;
  enum class State { kHandshake, kReceiving, kServing, kLingering, kClosed };

  template <class Action>
  void guarded(Action action);
  template <class Action>
  void post(Action action);
  bool still_idle_then_busy();
  void fail(bool out_of_memory);
  void on_handshake(const Handshake& handshake);
  void turn_away(const std::string& why, std::optional<HttpResponse> answer);
  void begin_receiving();
  void read();
  void on_read(std::string_view bytes);
  void receive();
  void spell(const std::string& path, HttpResponse& response) const;
  void refuse(HttpResponse response);
  void serve();
  void send(std::string bytes);
  void write_next();
  void on_written(std::size_t size, bool ok);
  void answer_complete();
  void linger();
  void close();
  void account_body(std::size_t bytes);
  void expire_after(std::chrono::milliseconds limit);

  const std::shared_ptr<ConnectionShared> shared_;
  const std::shared_ptr<Strand> strand_;
  const std::unique_ptr<Transport> transport_;
  const bool reserved_;
  std::function<void()> closed_;
  std::unique_ptr<Timer> deadline_;
  std::unique_ptr<Timer> write_deadline_;
  State state_ = State::kHandshake;
  // Since when it is idle; kBusy and kLeaving are no times. Whoever changes it from an idle time
  // decides: the strand that a request is served, somebody else that the connection leaves.
  std::atomic<Clock::rep> idle_since_{Clock::now().time_since_epoch().count()};
  std::unique_ptr<RequestParser> parser_;
  std::optional<Entry> entry_;      // once the request's header has been read
  std::string inbox_;               // read and not yet parsed
  std::deque<std::string> outbox_;  // to be written; the first is being written
  std::size_t written_ = 0;         // of the first
  bool header_begun_ = false;
  bool header_ended_ = false;
  bool keep_alive_ = true;
  bool refused_ = false;   // what still comes is of no interest
  bool answered_ = false;  // the answer is complete once the outbox is empty
  bool writing_ = false;
  std::size_t accounted_bytes_ = 0;
  std::shared_ptr<class HttpExchange> exchange_;
};

class HttpExchange : public Exchange, public std::enable_shared_from_this<HttpExchange> {
 public:
  HttpExchange(std::shared_ptr<HttpConnection> connection, HttpRequest request,
               std::vector<HeaderLine> headers)
      : connection_(std::move(connection)),
        strand_(connection_->strand_),
        request_(std::move(request)),
        headers_(std::move(headers)),
        id_(new_request_id()),
        timer_(strand_->make_timer()) {}

  const HttpRequest& request() const override { return request_; }
  std::string take_body() override { return std::move(request_.body); }
  const std::string& id() const override { return id_; }
  void post(std::function<void()> action) override {
    strand_->post([self = shared_from_this(), action = std::move(action)] { self->run(action); });
  }

  void respond(HttpResponse response) override {
    if (!connection_) return;
    connection_->spell(request_.path, response);
    head(response, BodyFraming::kLength);
    if (request_.method != "HEAD" && !response.body.empty())
      connection_->send(std::move(response.body));
    end();
  }

  void start_stream(HttpResponse response) override {
    if (!connection_) return;
    chunked_ = request_.version == 11;
    if (!chunked_) connection_->keep_alive_ = false;
    head(response, chunked_ ? BodyFraming::kChunked : BodyFraming::kUntilClose);
  }

  void write(std::string bytes) override {
    if (!connection_ || bytes.empty() || request_.method == "HEAD") return;
    connection_->send(chunked_ ? render_chunk(bytes) : std::move(bytes));
  }

  void finish() override {
    if (!connection_) return;
    if (chunked_) connection_->send(render_chunk({}));
    end();
  }

  void drop() override {
    if (connection_) connection_->close();
  }

  bool writable() const override { return connection_ && connection_->outbox_.empty(); }
  void on_writable(std::function<void()> action) override { on_writable_ = std::move(action); }
  void on_gone(std::function<void()> action) override { on_gone_ = std::move(action); }
  void after(std::chrono::milliseconds delay, std::function<void()> action) override {
    if (!connection_) return;
    timer_->arm(delay, [self = weak_from_this(), action = std::move(action)] {
      if (const auto exchange = self.lock()) exchange->run(action);
    });
  }

  // From the connection.
  void written() {
    const auto action = on_writable_;
    if (action) action();
  }
  void gone() {
    const auto action = std::move(on_gone_);
    release();
    if (action) run(action);
  }

 private:
  // What the handler does later ends its own request at most.
  void run(const std::function<void()>& action) {
    try {
      action();
    } catch (const std::exception& error) {
      log::error("request_failed", {{"id", id_}, {"error", error.what()}});
      fail();
    }
  }
  void fail() {
    if (!connection_) return;
    if (begun_) return connection_->close();
    const auto gone = std::move(on_gone_);
    respond(error_response(500, "internal error"));
    if (gone) run(gone);
  }
  void head(HttpResponse& response, BodyFraming framing) {
    begun_ = true;
    response.headers.insert(response.headers.end(), headers_.begin(), headers_.end());
    response.headers.emplace_back("X-Request-Id", id_);
    if (connection_->shared_->draining) connection_->keep_alive_ = false;
    connection_->send(render_head(response, framing, connection_->keep_alive_));
  }
  void end() {
    const auto connection = connection_;
    release();
    connection->answer_complete();
  }
  // Callbacks hold the handler and the handler holds us: let go of them when all is over.
  void release() {
    connection_.reset();
    timer_->cancel();
    on_writable_ = nullptr;
    on_gone_ = nullptr;
  }

  std::shared_ptr<HttpConnection> connection_;  // null once the exchange is over
  std::shared_ptr<Strand> strand_;
  HttpRequest request_;
  const std::vector<HeaderLine> headers_;  // of every answer
  std::string id_;
  std::unique_ptr<Timer> timer_;
  std::function<void()> on_writable_;
  std::function<void()> on_gone_;
  bool chunked_ = false;
  bool begun_ = false;  // the answer
};

template <class Action>
void HttpConnection::guarded(Action action) {
  try {
    action();
  } catch (const std::exception& error) {
    log::error("connection_failed",
               {{"peer", transport_->peer().address}, {"error", error.what()}});
    fail(dynamic_cast<const std::bad_alloc*>(&error) != nullptr);
  }
}

// Who has sent a request is told, if there is memory for that.
void HttpConnection::fail(bool out_of_memory) {
  try {
    if (state_ != State::kReceiving || !header_begun_) return close();
    refuse(out_of_memory
               ? error_response({ErrorCode::kUnavailable, "the server lacks memory; try again", {}})
               : error_response(500, "internal error"));
  } catch (const std::exception&) {
    close();
  }
}

template <class Action>
void HttpConnection::post(Action action) {
  strand_->post([self = shared_from_this(), action] { self->guarded([&] { action(*self); }); });
}

void HttpConnection::start() {
  deadline_->arm(shared_->limits.handshake, [self = weak_from_this()] {
    if (const auto connection = self.lock())
      connection->on_handshake(unfinished(connection->shared_->limits.handshake));
  });
  transport_->handshake([self = shared_from_this()](const Handshake& handshake) {
    self->guarded([&] { self->on_handshake(handshake); });
  });
}

void HttpConnection::on_handshake(const Handshake& handshake) {
  if (state_ != State::kHandshake) return;
  if (handshake.outcome == Handshake::Outcome::kDone)
    begin_receiving();
  else
    turn_away(handshake.why, answer_to(handshake, transport_->peer(), shared_->plain_address));
  if (state_ != State::kClosed) read();
}

void HttpConnection::turn_away(const std::string& why, std::optional<HttpResponse> answer) {
  if (!why.empty()) shared_->refusals.tell("tls_refused", transport_->peer().address, why);
  if (!answer) return close();
  if (still_idle_then_busy()) refuse(std::move(*answer));
}

void HttpConnection::drain() {
  post([](HttpConnection& self) {
    self.keep_alive_ = false;
    if (self.state_ == State::kHandshake || self.state_ == State::kReceiving) self.close();
  });
}

void HttpConnection::abort() {
  post([](HttpConnection& self) { self.close(); });
}

std::optional<Instant> HttpConnection::idle_since() const {
  const Clock::rep since = idle_since_;
  if (since == kBusy || since == kLeaving) return std::nullopt;
  return Instant(Clock::duration(since));
}

bool HttpConnection::leave() {
  Clock::rep since = idle_since_;
  if (since == kBusy || since == kLeaving) return false;
  if (!idle_since_.compare_exchange_strong(since, kLeaving)) return false;
  abort();
  return true;
}

// False once it is leaving.
bool HttpConnection::still_idle_then_busy() {
  Clock::rep since = idle_since_;
  return since == kBusy || (since != kLeaving && idle_since_.compare_exchange_strong(since, kBusy));
}

void HttpConnection::begin_receiving() {
  state_ = State::kReceiving;
  parser_ = std::make_unique<RequestParser>(transport_->peer());
  entry_.reset();
  header_begun_ = header_ended_ = answered_ = false;
  account_body(0);
  expire_after(shared_->limits.idle);
  // One whose next request is here already is not idle.
  if (idle_since_ == kBusy && inbox_.empty()) idle_since_ = Clock::now().time_since_epoch().count();
}

void HttpConnection::read() {
  transport_->read([self = shared_from_this()](std::string_view bytes) {
    self->guarded([&] { self->on_read(bytes); });
  });
}

void HttpConnection::on_read(std::string_view bytes) {
  if (state_ == State::kClosed) return;
  if (bytes.empty()) return close();
  if (state_ != State::kLingering && !refused_) inbox_.append(bytes);
  if (state_ == State::kReceiving) {
    receive();
  } else if (state_ == State::kServing && inbox_.size() > shared_->limits.pipelined_bytes) {
    return close();
  }
  if (state_ != State::kClosed) read();
}

void HttpConnection::receive() {
  if (inbox_.empty()) return;
  if (!header_begun_) {
    if (begins_tls(inbox_))
      return turn_away(kTlsAtPlainPort, tls_at_plain_port(transport_->peer()));
    header_begun_ = true;
    expire_after(shared_->limits.header);
  }
  auto parsed = parser_->feed(inbox_);
  if (parsed == RequestParser::State::kHeader) {
    // The whole of a pipelined one was not here after all.
    if (idle_since_ == kBusy) idle_since_ = Clock::now().time_since_epoch().count();
    return;
  }
  if (!still_idle_then_busy()) return;
  if (!entry_ && parser_->has_head())
    entry_ = shared_->door ? shared_->door(parser_->head()) : Entry{};
  if (entry_ && reserved_ && !(shared_->goes_first && shared_->goes_first(parser_->head())))
    return refuse(no_room());
  if (entry_ && entry_->answer && parsed != RequestParser::State::kComplete) {
    return refuse(std::move(*entry_->answer));  // its body is of no interest
  }
  if (parsed == RequestParser::State::kComplete && !entry_->answer) parsed = parser_->unpack();
  account_body(parser_->body_bytes());
  if (parsed == RequestParser::State::kRefused) {
    return refuse(error_response(parser_->status(), parser_->problem()));
  }
  if (accounted_bytes_ > kSmallBodyBytes && shared_->body_bytes > shared_->limits.bodies_bytes) {
    return refuse(error_response(
        {ErrorCode::kUnavailable,
         "the large requests that are being received or answered fill the " +
             std::to_string(shared_->limits.bodies_bytes >> 20) + " MiB meant for them; try again",
         {}}));
  }
  if (!header_ended_) {
    header_ended_ = true;
    expire_after(shared_->limits.body);
    if (parsed == RequestParser::State::kBody && parser_->expects_continue())
      send("HTTP/1.1 100 Continue\r\n\r\n");
  }
  if (parsed == RequestParser::State::kComplete) serve();
}

void HttpConnection::spell(const std::string& path, HttpResponse& response) const {
  if (!response.error) return;
  response.body = shared_->spell_error ? shared_->spell_error(path, *response.error)
                                       : openai_error(*response.error);
}

void HttpConnection::refuse(HttpResponse response) {
  spell(parser_ && parser_->has_head() ? parser_->head().path : "", response);
  if (entry_) {
    response.headers.insert(response.headers.end(), entry_->headers.begin(), entry_->headers.end());
  }
  keep_alive_ = false;
  refused_ = true;
  state_ = State::kServing;
  deadline_->cancel();
  inbox_.clear();
  parser_.reset();
  account_body(0);
  send(render_head(response, BodyFraming::kLength, false) + response.body);
  answer_complete();
}

void HttpConnection::serve() {
  state_ = State::kServing;
  deadline_->cancel();
  HttpRequest request = parser_->take();
  keep_alive_ = keep_alive_ && !reserved_ && request.keep_alive && !shared_->draining;
  request.peer.key = entry_->key;
  request.peer.key_id = entry_->key_id;
  exchange_ = std::make_shared<HttpExchange>(shared_from_this(), std::move(request),
                                             std::move(entry_->headers));
  const std::shared_ptr<Exchange> exchange = exchange_;  // ours may be gone before the handler ends
  if (entry_->answer) return exchange->respond(std::move(*entry_->answer));
  shared_->handler(exchange);
}

void HttpConnection::send(std::string bytes) {
  if (state_ == State::kClosed || state_ == State::kLingering) return;
  outbox_.push_back(std::move(bytes));
  if (!writing_) write_next();
}

void HttpConnection::write_next() {
  const std::string_view slice =
      std::string_view(outbox_.front()).substr(written_, kWriteSliceBytes);
  writing_ = true;
  write_deadline_->arm(shared_->limits.stuck_reader, [this] {
    log::warn("client_stuck", {{"peer", transport_->peer().address}});
    close();
  });
  transport_->write(slice, [self = shared_from_this(), size = slice.size()](bool ok) {
    self->guarded([&] { self->on_written(size, ok); });
  });
}

void HttpConnection::on_written(std::size_t size, bool ok) {
  writing_ = false;
  if (state_ == State::kClosed) return;
  write_deadline_->cancel();
  if (!ok) return close();
  written_ += size;
  if (written_ == outbox_.front().size()) {
    outbox_.pop_front();
    written_ = 0;
  }
  if (!outbox_.empty()) return write_next();
  if (answered_) return answer_complete();
  if (exchange_) exchange_->written();
}

// Called when the answer has been handed over, and again when it has been written.
void HttpConnection::answer_complete() {
  exchange_.reset();
  answered_ = true;
  if (!outbox_.empty() || state_ != State::kServing) return;
  if (!keep_alive_) return linger();
  begin_receiving();
  // Not from here: a long pipeline must not become a deep stack.
  if (!inbox_.empty()) {
    post([](HttpConnection& self) {
      if (self.state_ == State::kReceiving) self.receive();
    });
  }
}

void HttpConnection::linger() {
  state_ = State::kLingering;
  idle_since_ = Clock::now().time_since_epoch().count();  // all is said: it may make room
  inbox_.clear();
  expire_after(shared_->limits.linger);
  transport_->shutdown();
}

void HttpConnection::close() {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  deadline_->cancel();
  write_deadline_->cancel();
  transport_->close();
  account_body(0);
  if (const auto exchange = std::exchange(exchange_, nullptr)) exchange->gone();
  if (const auto closed = std::exchange(closed_, nullptr)) closed();
}

void HttpConnection::account_body(std::size_t bytes) {
  shared_->body_bytes += bytes;
  shared_->body_bytes -= accounted_bytes_;
  accounted_bytes_ = bytes;
}

void HttpConnection::expire_after(std::chrono::milliseconds limit) {
  deadline_->arm(limit, [self = weak_from_this()] {
    if (const auto connection = self.lock()) connection->close();
  });
}

}  // namespace

std::shared_ptr<Connection> make_connection(std::shared_ptr<ConnectionShared> shared,
                                            std::shared_ptr<Strand> strand,
                                            std::unique_ptr<Transport> transport, bool reserved,
                                            std::function<void()> closed) {
  return std::make_shared<HttpConnection>(std::move(shared), std::move(strand),
                                          std::move(transport), reserved, std::move(closed));
}

}  // namespace sanctum::gateway
