#include "engine/service.h"

#include <utility>

#include "base/error.h"
#include "base/invariant.h"
#include "base/json.h"
#include "base/log.h"
#include "engine/failure_of.h"
#include "engine/template_process.h"
#include "platform/machine.h"

namespace sanctum::engine {

Service::Service(ServiceOptions options, Peer& peer)
    : options_(std::move(options)),
      peer_(peer),
      renderer_(renderer_of(options_.template_program)),
      script_(options_.script),
      output_({[this](const wire::TokensFrame& frame) {
                 peer_.send(wire::notification_line("tokens", wire::encode(frame)));
               },
               [this](const wire::Completed& completed) { requests_.completed(completed); },
               [this](const std::string& request) { device_.cancel(request); },
               [this] { device_.wake(); }}),
      device_(options_.device, *this),
      pool_(options_.text_threads),
      reads_(options_.read_limit),
      requests_(
          {options_.device.limits.sequences_max + options_.queue_max, options_.request_bytes_max},
          models_, pool_, device_, output_,
          {[this](const std::string& id, const wire::Accepted& accepted) {
             peer_.send(wire::result_line(id, wire::encode(accepted)));
           },
           [this](const std::string& id, const wire::Failure& failure) {
             peer_.send(wire::failure_line(id, failure));
           },
           [this](const wire::Completed& completed) {
             peer_.send(wire::notification_line("completed", wire::encode(completed)));
           },
           [this](const std::string& model) { device_.unload(model); }, [this] { wake_drain(); }},
          options_.device.heartbeat) {}

Service::~Service() {
  // The threads call into each other's objects: all of them end before any object does.
  reads_.stop();
  device_.stop();
  pool_.stop();
  output_.stop();
  requests_.stop();
}

bool Service::shutdown_requested() const {
  std::lock_guard lock(mutex_);
  return shutdown_;
}

void Service::handle(std::string_view line) {
  const wire::Message message(line);
  if (message.id.empty()) return;  // the engine takes no notifications
  try {
    dispatch(message);
  } catch (const Error& error) {
    peer_.send(wire::failure_line(message.id, wire::to_failure(error)));
  }
}

void Service::dispatch(const wire::Message& message) {
  const std::string& method = message.method;
  const std::string& id = message.id;
  if (method == "load_model") {
    load_model(id, wire::decode_load(message.body()));
  } else if (method == "unload_model") {
    unload_model(id, message.body().at("model").as_string());
  } else if (method == "models") {
    peer_.send(wire::result_line(id, wire::encode(models())));
  } else if (method == "generate") {
    requests_.generate(id, wire::decode_generate(message.body()));
  } else if (method == "cancel") {
    const bool found = requests_.cancel(message.body().at("request").as_string());
    peer_.send(wire::result_line(id, found ? R"({"cancelled":true})" : R"({"cancelled":false})"));
  } else if (method == "tokenize") {
    tokenize(id, wire::decode_tokenize(message.body()));
  } else if (method == "set_switches") {
    set_switches(wire::decode_switches(message.body()));
    peer_.send(wire::result_line(id, "{}"));
  } else if (method == "stats") {
    peer_.send(wire::result_line(id, wire::encode(stats())));
  } else if (method == "shutdown") {
    {
      std::lock_guard lock(mutex_);
      shutdown_ = true;
    }
    peer_.send(wire::result_line(id, "{}"));
  } else {
    throw Error(ErrorCode::kInvalid,
                "no method '" + method +
                    "'; there are load_model, unload_model, models, generate, cancel, tokenize, "
                    "set_switches, stats, shutdown",
                "method");
  }
}

void Service::load_model(const std::string& rpc_id, const wire::LoadRequest& request) {
  {
    std::lock_guard lock(mutex_);
    const ModelTable::Load load = models_.begin_load(request.model, request.path);
    if (load == ModelTable::Load::kReady) {
      peer_.send(wire::result_line(rpc_id, wire::encode(models_.info(request.model))));
      return;
    }
    load_waiters_[request.model].push_back(rpc_id);
    if (load == ModelTable::Load::kJoined) return;
  }
  log::info("load", {{"model", request.model}, {"path", request.path}});
  send_progress(request.model, "config", 0, 0);
  // Neither this read nor the next touches this object, which may be gone before them.
  reads_.run(
      request.path + "/config.json",
      [this, model = request.model, path = request.path]() -> BoundedReads::Then {
        try {
          return [this, model, found = models::describe(path)] { load_both(model, found); };
        } catch (const std::exception& error) {
          return [this, model, failure = failure_of(error, "path")] { fail_load(model, failure); };
        }
      },
      [this, model = request.model](const Error& error) {
        fail_load(model, failure_of(error, "path"));
      });
}

void Service::load_both(const std::string& model, const models::Description& description) {
  std::shared_ptr<const std::atomic<bool>> given_up;
  {
    std::lock_guard lock(mutex_);
    given_up = loads_[model].given_up();
  }
  send_progress(model, "tokenizer", 0, 0);
  device_.load(model, description, std::move(given_up));
  load_text(model, description);
}

void Service::load_text(const std::string& model, const models::Description& description) {
  const auto ended = [this, model](std::optional<wire::Failure> failure) {
    end_half(model, [&](LoadHalves& load) { load.text_ended(std::move(failure)); });
  };
  reads_.run(
      description.directory + "/tokenizer.json and what it needs",
      [this, model, description, renderer = renderer_, script = script_,
       ended]() -> BoundedReads::Then {
        try {
          return [this, model, ended,
                  text = std::make_shared<const TextModel>(description, renderer, script)] {
            models_.set_text(model, text);
            ended(std::nullopt);
          };
        } catch (const std::exception& error) {
          return [ended, failure = failure_of(error, "path")] { ended(failure); };
        }
      },
      [ended](const Error& error) { ended(failure_of(error, "path")); });
}

void Service::end_half(const std::string& model, const std::function<void(LoadHalves&)>& end) {
  LoadHalves load;
  {
    std::lock_guard lock(mutex_);
    const auto found = loads_.find(model);
    SANCTUM_INVARIANT(found != loads_.end(), "a half belongs to a load");
    end(found->second);
    if (!found->second.over()) return;
    load = std::move(found->second);
    loads_.erase(found);
  }
  if (load.failure()) {
    if (load.weights()) device_.drop(model);
    return fail_load(model, *load.failure());
  }
  const auto& [traits, load_us] = *load.weights();
  log::info("loaded",
            {{"model", model}, {"architecture", traits.architecture}, {"load_us", load_us}});
  wire::ModelInfo info;
  std::vector<std::string> waiters;
  {
    // At once, too: an unload that comes after this may take the model away at any time.
    std::lock_guard lock(mutex_);
    models_.set_ready(model, traits, load_us);
    info = models_.info(model);
    waiters.swap(load_waiters_[model]);
  }
  send_progress(model, "ready", traits.weight_bytes, traits.weight_bytes);
  for (const std::string& id : waiters) peer_.send(wire::result_line(id, wire::encode(info)));
  settled(model);
}

void Service::unload_model(const std::string& rpc_id, const std::string& model) {
  bool now = false;
  {
    std::lock_guard lock(mutex_);
    now = models_.begin_unload(model);
    unload_waiters_[model].push_back(rpc_id);
  }
  if (now) device_.unload(model);
}

void Service::tokenize(const std::string& rpc_id, const wire::TokenizeRequest& request) {
  std::shared_ptr<const TextModel> text;
  if (models_.acquire(request.model, text) == ModelTable::Lease::kLoading) {
    throw Error(ErrorCode::kUnavailable, "'" + request.model + "' is still loading", "model");
  }
  pool_.run(Turn::kText, [this, rpc_id, request, text] {
    try {
      json::Writer writer;
      writer.begin_object().key("ids").begin_array();
      for (const int id : text->tokenize(request.text, request.add_special)) writer.value(id);
      writer.end_array().end_object();
      peer_.send(wire::result_line(rpc_id, writer.take()));
    } catch (const std::exception& error) {
      peer_.send(wire::failure_line(rpc_id, failure_of(error)));
    }
    if (models_.release(request.model)) device_.unload(request.model);
  });
}

void Service::set_switches(const wire::Switches& switches) {
  {
    std::lock_guard lock(mutex_);
    switches_ = switches;
  }
  log::info("switches", {{"now", wire::encode(switches)}});
  requests_.set_switches(switches);
  device_.set_switches(switches);
}

std::vector<wire::ModelInfo> Service::models() const {
  auto all = models_.all();
  std::lock_guard lock(mutex_);
  for (auto& model : all) model.vision = model.vision && switches_.vision;
  return all;
}

wire::EngineStats Service::stats() const {
  const DeviceCounters& c = device_.counters();
  wire::EngineStats out;
  out.steps = c.steps;
  out.requests_completed = c.requests_completed;
  out.prompt_tokens = c.prompt_tokens;
  out.completion_tokens = c.completion_tokens;
  out.running = c.running;
  out.waiting = c.waiting;
  out.sequences_max = options_.device.limits.sequences_max;
  out.queue_max = options_.queue_max;
  out.kv_bytes = c.kv_bytes;
  out.prefix_bytes = c.prefix_bytes;
  out.packed_bytes = c.packed_bytes;
  out.arena_bytes = c.arena_bytes;
  out.active_bytes = c.active_bytes;
  out.cache_bytes = c.cache_bytes;
  out.peak_bytes = c.peak_bytes;
  out.held_bytes = out.packed_bytes + out.arena_bytes + out.active_bytes + out.cache_bytes;
  out.footprint_bytes = platform::footprint_bytes();
  out.device = device_.device_name();
  out.threads = device_.threads();
  out.version = SANCTUM_VERSION;
  std::lock_guard lock(mutex_);
  out.switches = switches_;
  return out;
}

void Service::send_progress(const std::string& model, std::string_view phase, std::uint64_t done,
                            std::uint64_t total) {
  peer_.send(wire::notification_line(
      "load_progress", wire::encode(wire::LoadProgress{model, std::string(phase), done, total})));
}

void Service::on_load_progress(const std::string& model, std::uint64_t done, std::uint64_t total) {
  models_.set_progress(model, done, total);
  send_progress(model, "weights", done, total);
}

void Service::on_loaded(const std::string& model, const models::Traits& traits,
                        std::int64_t load_us) {
  end_half(model, [&](LoadHalves& load) { load.weights_ended({traits, load_us}); });
}

void Service::on_load_failed(const std::string& model, const wire::Failure& failure) {
  end_half(model, [&](LoadHalves& load) { load.weights_failed(failure); });
}

void Service::fail_load(const std::string& model, const wire::Failure& failure) {
  log::error("load failed", {{"model", model}, {"error", failure.message}});
  std::vector<std::string> waiters;
  {
    // At once: a load_model that comes after this starts a load of its own and waits for that.
    std::lock_guard lock(mutex_);
    models_.set_failed(model, failure);
    waiters.swap(load_waiters_[model]);
  }
  send_progress(model, "failed", 0, 0);
  for (const std::string& id : waiters) peer_.send(wire::failure_line(id, failure));
  settled(model);
}

void Service::settled(const std::string& model) {
  requests_.model_settled(model);
  wake_drain();
}

void Service::on_unloaded(const std::string& model) {
  std::vector<std::string> waiters;
  {
    std::lock_guard lock(mutex_);
    models_.remove(model);
    waiters.swap(unload_waiters_[model]);
  }
  for (const std::string& id : waiters) peer_.send(wire::result_line(id, "{}"));
  wake_drain();
}

void Service::on_step(std::uint64_t step, StepOutput output) {
  output_.push(step, std::move(output));
}

bool Service::has_room() const {
  return output_.has_room();
}

void Service::wake_drain() {
  std::lock_guard lock(mutex_);
  changed_.notify_all();
}

void Service::drain() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return shutdown_ || (!models_.loading() && requests_.idle()); });
}

}  // namespace sanctum::engine
