#include "gateway/generation.h"

#include <algorithm>
#include <ctime>
#include <utility>

#include "base/log.h"
#include "gateway/api_error.h"
#include "gateway/api_keys.h"
#include "gateway/fields.h"
#include "gateway/reported_tokens.h"

namespace sanctum::gateway {
namespace {

// Never sent: for logs and counters.
constexpr int kStatusClientGone = 499;
constexpr int kStatusForwarded = 399;  // the fallback answers

const wire::Failure kCancelled{ErrorCode::kCancelled, "the request was cancelled", {}};

constexpr const char* kOfProbes = "probe";  // what theirs are counted as

// They come again and again, and the probes say themselves what is wrong.
log::Level level_of(const std::string& api) {
  return api == kOfProbes ? log::Level::kDebug : log::Level::kInfo;
}

class Generation : public GenerateListener, public std::enable_shared_from_this<Generation> {
 public:
  Generation(Services& services, std::shared_ptr<Exchange> exchange, const Dialect& dialect,
             std::string api, const ApiRequest& request, std::unique_ptr<AnswerShape> shape,
             std::unique_ptr<Gate::Ticket> ticket, std::string body)
      : services_(services),
        exchange_(std::move(exchange)),
        dialect_(dialect),
        api_(std::move(api)),
        model_(request.generate.model),
        structure_field_(request.structure_field),
        declared_(request.ignored),
        ignored_(request.ignored),
        body_(std::move(body)),
        stream_(request.stream),
        limit_(request.limit),
        shape_(std::move(shape)),
        ticket_(std::move(ticket)) {}

  void start(wire::GenerateRequest request) {
    exchange_->on_gone([self = shared_from_this()] { self->on_gone(); });
    exchange_->on_writable([self = shared_from_this()] { self->flush(); });
    tick();
    services_.running->began(exchange_->id(), owner_of(exchange_->request().peer),
                             [self = std::weak_ptr<Generation>(shared_from_this())] {
                               if (const auto generation = self.lock()) generation->cancel();
                             });
    services_.engine.generate(std::move(request), shared_from_this());
  }

  // By whoever asked, from any thread.
  void cancel() {
    exchange_->post([self = shared_from_this()] {
      if (self->over_ || self->ended_) return;
      self->end_early(kCancelled);
    });
  }

  // From the engine's threads.
  void interrupted() override {
    exchange_->post([self = shared_from_this()] { self->on_interrupted(); });
  }
  void accepted(const wire::Accepted& accepted) override {
    exchange_->post([self = shared_from_this(), accepted] {
      self->accepted_ = accepted;
      self->ignored_ = with_more(self->declared_, accepted.ignored);
      if (self->over_ || self->ended_) return;
      if (self->services_.strict_fields && !accepted.ignored.empty())
        return self->end_early(refused_by_strict_fields(accepted.ignored));
      self->open_stream();
    });
  }
  void delta(const wire::RowDelta& row) override {
    exchange_->post([self = shared_from_this(), row] { self->on_delta(row); });
  }
  void completed(const wire::Completed& completed) override {
    exchange_->post([self = shared_from_this(), completed] { self->on_completed(completed); });
  }

 private:
  std::string named(const std::string& engine_field) const {
    const bool structure = engine_field == "structure" && !structure_field_.empty();
    return structure ? structure_field_ : dialect_.field(engine_field);
  }
  int taken_for() const { return dialect_.of_agents ? services_.reported_context : 0; }
  wire::Accepted told(wire::Accepted accepted) const {
    accepted.prompt_tokens =
        reported_tokens(accepted.prompt_tokens, accepted.context_tokens, taken_for());
    return accepted;
  }
  wire::Completed told(wire::Completed completed) const {
    completed.usage = reported_usage(completed.usage, accepted_.context_tokens, taken_for());
    return completed;
  }

  void name_ignored(HttpResponse& response) const {
    if (!ignored_.empty()) response.headers.emplace_back("X-Sanctum-Ignored", ignored_);
  }

  void open_stream() {
    if (!stream_ || opened_ || over_) return;
    opened_ = true;
    HttpResponse head;
    head.content_type = shape_->stream_type();
    head.headers = {{"Cache-Control", "no-cache"}, {"X-Accel-Buffering", "no"}};
    name_ignored(head);
    exchange_->start_stream(std::move(head));
    say(shape_->opening(told(accepted_)));
  }

  void waits() override {
    exchange_->post([self = shared_from_this()] {
      if (self->opened_ && !self->over_)
        self->exchange_->write(self->shape_->quiet(Quiet::kNoEngine));
    });
  }

  void on_interrupted() {
    ++interruptions_;
    services_.metrics.interrupted();
    if (opened_ && !over_) exchange_->write(shape_->quiet(Quiet::kEngineRestarts));
  }

  void on_delta(const wire::RowDelta& row) {
    if (over_) return;
    open_stream();
    if (api_ != kOfProbes)
      services_.speed.generated(static_cast<int>(row.ids.size()), Clock::now());
    merge(pending_, row);
    has_pending_ = true;
    if (!stream_) return;
    if (bytes_of(pending_) > kUnreadBytesMax) {
      log::warn("client_too_slow", {{"id", exchange_->id()}, {"bytes", bytes_of(pending_)}});
      exchange_->drop();
      return;
    }
    flush();
  }

  void on_completed(const wire::Completed& completed) {
    if (!ended_) {
      ended_ = completed;
      if (ended_->failure) ended_->failure->field = named(ended_->failure->field);
      ticket_.reset();
    }
    if (over_) return report(kStatusClientGone);
    if (goes_to_fallback()) return hand_over();
    if (completed.failure && completed.failure->code == ErrorCode::kNotFound && !opened_)
      return explain_unknown_model();
    flush();
  }

  // Our engine has not begun, and will not.
  bool goes_to_fallback() const {
    if (services_.fallback == nullptr || body_.empty() || opened_ || has_pending_) return false;
    if (!ended_->failure) return false;
    // There is none, or it could not be loaded, or not again.
    const ErrorCode code = ended_->failure->code;
    const bool no_model = code == ErrorCode::kNotFound ||
                          ((code == ErrorCode::kUnavailable || code == ErrorCode::kCorrupt) &&
                           ended_->failure->field == "model");
    const bool parked = services_.engine.status().state == wire::WorkerState::kParked;
    return (no_model || parked) &&
           services_.fallback->answers_instead(parked ? Refusal::kParked : Refusal::kModel);
  }

  void hand_over() {
    over_ = true;
    report(kStatusForwarded);
    services_.metrics.forwarded();
    services_.fallback->forward(exchange_, {exchange_->request().path, std::move(body_), model_});
  }

  // Writes what has gathered, when the client has taken what was written before.
  void flush() {
    if (over_ || keeping_) return;
    if (!stream_) {
      if (ended_ && !is_being_kept()) answer_whole();
      return;
    }
    if (!opened_) {
      if (!ended_) return;
      const auto& failure = ended_->failure;
      const bool in_stream =
          dialect_.streams_too_long && failure && failure->code == ErrorCode::kTooLong;
      if (failure && !in_stream) return fail(*failure);
      open_stream();
    }
    if (!exchange_->writable() && !ended_) return;
    if (pending_.prompt_done > 0) say_progress();
    if (has_pending_ && !wire::is_silent(pending_)) say(shape_->chunk(pending_));
    pending_ = {};
    has_pending_ = false;
    if (ended_ && !is_being_kept()) close_stream();
  }

  // An answer that is to be kept ends once it is, or is known not to be.
  bool is_being_kept() {
    if (std::exchange(kept_, true) || ended_->failure || services_.answers == nullptr) return false;
    auto answer = shape_->to_keep(pending_, told(*ended_));
    if (!answer) return false;
    answer->owner = owner_of(exchange_->request().peer);
    keeping_ = true;
    const auto over = [self = shared_from_this()](bool kept) {
      if (!std::exchange(self->keeping_, false)) return;
      if (kept) self->shape_->was_kept();
      self->flush();
    };
    exchange_->after(kStoreLimit, [over] { over(false); });
    services_.answers->keep(std::move(*answer), [self = shared_from_this(), over](bool kept) {
      self->exchange_->post([over, kept] { over(kept); });
    });
    return true;
  }

  void say_progress() {
    std::string bytes = shape_->progress(pending_, told(accepted_).prompt_tokens,
                                         microseconds_between(started_, Clock::now()));
    if (!bytes.empty()) say(std::move(bytes));
  }

  void close_stream() {
    say(ended_->failure ? shape_->failed(api_error(*ended_->failure))
                        : shape_->closing(told(*ended_)));
    over_ = true;
    report(200);
    exchange_->finish();
  }

  void answer_whole() {
    if (ended_->failure) return fail(*ended_->failure);
    HttpResponse response;
    response.body = shape_->whole(pending_, told(*ended_));
    name_ignored(response);
    over_ = true;
    report(200);
    exchange_->respond(std::move(response));
  }

  void fail(const wire::Failure& failure) {
    over_ = true;
    HttpResponse response = error_response(failure);
    report(response.status);
    exchange_->respond(std::move(response));
  }

  // The engine knows that the model is unknown; the client wants to know which are not.
  void explain_unknown_model() {
    services_.engine.models([self = shared_from_this()](
                                const auto& failure, const std::vector<wire::ModelInfo>& models) {
      std::string names;
      for (const auto& model : models) names += (names.empty() ? "" : ", ") + model.model;
      const std::string known = failure ? "" : "; there is " + (names.empty() ? "none" : names);
      self->exchange_->post([self, known] {
        if (self->over_) return;
        self->fail({ErrorCode::kNotFound, "the model '" + self->model_ + "' does not exist" + known,
                    "model"});
      });
    });
  }

  void say(std::string bytes) {
    if (bytes.empty()) return;  // of arguments that are told when they are whole
    exchange_->write(std::move(bytes));
    quiet_ = false;
  }

  void tick() {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(started_ + limit_ - Clock::now());
    exchange_->after(
        std::clamp<std::chrono::milliseconds>(left, {}, kKeepAliveEvery),
        [self = shared_from_this()] {
          if (self->over_) return;
          if (Clock::now() >= self->started_ + self->limit_)
            return self->end_early({ErrorCode::kDeadline,
                                    "the request ran into its limit of " + in_seconds(self->limit_),
                                    kDeadlineHeader});
          if (self->opened_ && self->quiet_ && self->exchange_->writable())
            self->exchange_->write(self->shape_->quiet(Quiet::kGenerating));
          self->quiet_ = true;
          self->tick();
        });
  }

  void end_early(wire::Failure why) {
    services_.engine.cancel(exchange_->id());
    ended_ = wire::Completed{};
    ended_->finish_reason = wire::FinishReason::kError;
    ended_->failure = std::move(why);
    flush();
  }

  void on_gone() {
    if (over_) return;
    over_ = true;
    keeping_ = false;
    if (ended_) return report(kStatusClientGone);
    services_.engine.cancel(exchange_->id());
  }

  // Once, when both the answer and the engine's part are over.
  void report(int status) {
    if (std::exchange(reported_, true)) return;
    services_.running->ended(exchange_->id());
    const auto total_us = microseconds_between(started_, Clock::now());
    const wire::Completed& c = *ended_;
    services_.metrics.request(api_, status, static_cast<double>(total_us) * 1e-6);
    if (!c.failure) services_.metrics.completed(c);
    // Its timings are of the last engine alone.
    if (!c.failure && api_ != kOfProbes && interruptions_ == 0) services_.speed.answered(c);
    if (services_.records.ended)
      services_.records.ended(exchange_->id(), status, interruptions_, total_us, c);
    log::write(level_of(api_), "request",
               {{"id", exchange_->id()},
                {"api", api_},
                {"model", model_},
                {"key", exchange_->request().peer.key},
                {"certificate", exchange_->request().peer.subject},
                {"status", status},
                {"stream", stream_},
                {"finish", std::string(to_string(c.finish_reason))},
                {"error", c.failure ? std::string(to_string(c.failure->code)) : "none"},
                {"prompt_n", c.usage.prompt_tokens},
                {"image_n", c.usage.image_tokens},
                {"decode_n", c.usage.completion_tokens},
                {"queue_us", c.timings.queue_us},
                {"vision_us", c.timings.vision_us},
                {"prefill_us", c.timings.prefill_us},
                {"decode_us", c.timings.decode_us},
                {"interruptions", interruptions_},
                {"ignored", ignored_},
                {"total_us", total_us}});
  }

  Services& services_;
  const std::shared_ptr<Exchange> exchange_;
  const Dialect& dialect_;
  const std::string api_;  // its name; of a probe another
  const std::string model_;
  const std::string structure_field_;  // ApiRequest's
  const std::string declared_;         // what its fields hold that is ignored
  std::string ignored_;                // and what of its schemas, once an engine has said so
  std::string body_;                   // empty without a fallback
  const bool stream_;
  const std::chrono::milliseconds limit_;
  const std::unique_ptr<AnswerShape> shape_;
  std::unique_ptr<Gate::Ticket> ticket_;
  const Instant started_ = Clock::now();
  wire::RowDelta pending_;  // not yet written; of a whole answer, everything
  wire::Accepted accepted_;
  std::optional<wire::Completed> ended_;
  int interruptions_ = 0;  // engines that died meanwhile
  bool has_pending_ = false;
  bool opened_ = false;
  bool over_ = false;  // nothing more goes to the client
  bool quiet_ = false;
  bool reported_ = false;
  bool keeping_ = false;  // its answer, and waits for that
  bool kept_ = false;     // that was tried
};

}  // namespace

bool from_probe(const Services& services, const Exchange& exchange) {
  return shows_secret(exchange.request(), services.probe_secret);
}

void start_generation(Services& services, const std::shared_ptr<Exchange>& exchange,
                      const Dialect& dialect, ApiRequest request, std::string body) {
  int retry_after_s = 0;
  const bool probe = from_probe(services, *exchange);
  const Peer& peer = exchange->request().peer;
  const std::string counted_as(probe ? kOfProbes : dialect.name);
  auto ticket = services.gate.enter(probe, retry_after_s);
  if (!ticket) {
    services.metrics.request(counted_as, 429, 0);
    log::info("request", {{"id", exchange->id()},
                          {"api", dialect.name},
                          {"key", peer.key},
                          {"certificate", peer.subject},
                          {"status", 429},
                          {"retry_after_s", retry_after_s}});
    return exchange->respond(error_response(
        {ErrorCode::kBusy,
         "the server is full: " + std::to_string(services.gate.limits().running_max) +
             " requests run and " + std::to_string(services.gate.limits().waiting_max) + " wait",
         {}},
        retry_after_s));
  }
  request.generate.request = exchange->id();
  request.generate.reserved = ticket->reserved();
  request.generate.ready_timeout_ms = static_cast<int>(services.ready_timeout.count());
  AnswerHead head{exchange->id(),        request.generate.model, std::time(nullptr),
                  request.include_usage, request.echo,           services.seal};
  auto shape = dialect.shape(std::move(head));
  // What has begun is known to end: nothing may throw behind this.
  if (services.records.begun) services.records.begun(exchange->id(), counted_as, request, peer);
  const auto generation =
      std::make_shared<Generation>(services, exchange, dialect, counted_as, request,
                                   std::move(shape), std::move(ticket), std::move(body));
  generation->start(std::move(request.generate));
}

}  // namespace sanctum::gateway
