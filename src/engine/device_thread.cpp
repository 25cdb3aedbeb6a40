#include "engine/device_thread.h"

#include <mlx/compile.h>
#include <mlx/device.h>
#include <mlx/memory.h>
#include <mlx/stream.h>
#include <mlx/transforms.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <system_error>

#include "base/error.h"
#include "base/exit_code.h"
#include "base/log.h"
#include "base/temporary_lack.h"
#include "engine/device_backend.h"
#include "engine/failure_of.h"

namespace sanctum::engine {
namespace {

namespace mx = mlx::core;

// MLX keeps freed buffers for reuse, by default up to all of its memory limit. On a CPU that saves
// little, and shows as memory that grows.
constexpr std::size_t kBufferCacheBytesMax = 256u << 20, kBufferCacheCpuBytesMax = 16u << 20;

// While a model loads, a matrix is read into what the one before it was read into.
class LoadBuffers {
 public:
  LoadBuffers() : limit_(mx::set_cache_limit(kBytesMax)) {}
  ~LoadBuffers() {
    mx::set_cache_limit(limit_);
    mx::clear_cache();
  }
  LoadBuffers(const LoadBuffers&) = delete;
  LoadBuffers& operator=(const LoadBuffers&) = delete;

 private:
  static constexpr std::size_t kBytesMax = 64u << 20;
  std::size_t limit_;
};

std::shared_ptr<const models::Model> load_weights(
    const models::Description& description, const nn::BackendPointer& backend,
    const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  const LoadBuffers buffers;
  return models::load_model(description, backend, progress);
}

DeviceOptions checked(DeviceOptions options) {
  check_backend(options);
  options.limits.tokens_max = step_tokens_of(options);
  return options;
}

// Without its threads there is nothing to be served with: a later start may have them.
nn::BackendPointer backend_or_end(const DeviceOptions& options) {
  try {
    return device_backend(options);
  } catch (const std::system_error& error) {
    log::last_words(std::string("sanctum-engine: no threads to compute with: ") + error.what());
    std::_Exit(is_temporary_lack(error.code()) ? kExitTryAgain : EXIT_FAILURE);
  }
}

}  // namespace

DeviceThread::DeviceThread(DeviceOptions options, DeviceListener& listener)
    : options_(checked(std::move(options))),
      listener_(listener),
      device_name_(on_gpu() && !uses_our_kernels(options_) ? "gpu" : "cpu"),
      threads_(uses_our_kernels(options_) ? nn::cpu_threads(options_.cpu) : 0),
      thread_([this] { run(); }) {}

void DeviceThread::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void DeviceThread::post(std::function<void()> command) {
  {
    std::lock_guard lock(mutex_);
    commands_.push_back(std::move(command));
  }
  changed_.notify_all();
}

void DeviceThread::wake() {
  {
    std::lock_guard lock(mutex_);
    poked_ = true;
  }
  changed_.notify_all();
}

void DeviceThread::load(const std::string& model, const models::Description& description,
                        std::shared_ptr<const std::atomic<bool>> given_up) {
  wire::load_given(options_.heartbeat);
  post([this, model, description, given_up = std::move(given_up)] {
    do_load(model, description, *given_up);
    wire::load_over(options_.heartbeat);
  });
}

void DeviceThread::drop(const std::string& model) {
  post([this, model] { erase(model); });
}

void DeviceThread::erase(const std::string& model) {
  wire::begin_work(options_.heartbeat, wire::Phase::kLoad, {});
  runners_.erase(model);
  mx::synchronize();
  mx::clear_cache();
  publish_counters();
}

void DeviceThread::unload(const std::string& model) {
  post([this, model] {
    erase(model);
    listener_.on_unloaded(model);
  });
}

void DeviceThread::submit(const std::string& model, std::unique_ptr<Sequence> sequence) {
  // std::function wants copies; the sequence has one owner.
  auto shared = std::make_shared<std::unique_ptr<Sequence>>(std::move(sequence));
  post([this, model, shared] {
    const auto found = runners_.find(model);
    if (found != runners_.end()) {
      found->second->submit(std::move(*shared));
      return;
    }
    StepOutput gone;
    gone.ended.push_back(
        {(*shared)->request,
         wire::FinishReason::kError,
         {},
         {},
         wire::Failure{ErrorCode::kUnavailable, "the model was unloaded", "model"}});
    listener_.on_step(counters_.steps, std::move(gone));
  });
}

void DeviceThread::cancel(const std::string& request) {
  post([this, request] {
    for (auto& [name, runner] : runners_) {
      if (runner->cancel(request)) return;
    }
  });
}

void DeviceThread::set_switches(const wire::Switches& switches) {
  post([this, switches] {
    switches_ = switches;
    mx::set_compile_mode(switches.compile ? mx::CompileMode::enabled : mx::CompileMode::disabled);
    for (auto& [name, runner] : runners_) runner->set_switches(switches);
    publish_counters();
  });
}

void DeviceThread::do_load(const std::string& model, const models::Description& description,
                           const std::atomic<bool>& given_up) {
  const Instant begin = Clock::now();
  wire::begin_work(options_.heartbeat, wire::Phase::kLoad, {});
  try {
    auto loaded = load_weights(description, backend_, [&](std::uint64_t done, std::uint64_t total) {
      if (given_up) throw Error(ErrorCode::kUnavailable, "the load was given up", "path");
      wire::progress(options_.heartbeat);
      listener_.on_load_progress(model, done, total);
    });
    models::Traits traits = loaded->traits();
    auto memory = backend_->kv_memory(traits.kv, options_.kv_bytes, options_.limits.tokens_max);
    traits.context_tokens =
        static_cast<int>(std::min<std::int64_t>(traits.context_tokens, memory->tokens_max()));
    runners_[model] = std::make_unique<ModelRunner>(std::move(loaded), backend_, std::move(memory),
                                                    options_.limits, options_.prefix_bytes_max,
                                                    options_.heartbeat, options_.fault);
    runners_[model]->set_switches(switches_);
    publish_counters();
    listener_.on_loaded(model, traits, microseconds_between(begin, Clock::now()));
  } catch (const std::exception& error) {
    listener_.on_load_failed(model, failure_of(error, "path"));
  }
}

bool DeviceThread::work_left() const {
  for (const auto& [name, runner] : runners_) {
    if (!runner->idle()) return true;
  }
  return false;
}

void DeviceThread::run() {
  backend_ = backend_or_end(options_);
  mx::set_cache_limit(on_gpu() ? kBufferCacheBytesMax : kBufferCacheCpuBytesMax);
  while (true) {
    std::deque<std::function<void()>> commands;
    {
      if (!work_left()) wire::rest(options_.heartbeat);
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] {
        return stopping_ || poked_ || !commands_.empty() || (work_left() && listener_.has_room());
      });
      poked_ = false;
      if (stopping_) break;
      commands.swap(commands_);
    }
    for (const auto& command : commands) command();
    if (work_left() && listener_.has_room()) run_steps();
  }
  runners_.clear();
  backend_.reset();
}

void DeviceThread::run_steps() {
  for (auto& [name, runner] : runners_) {
    if (runner->idle()) continue;
    StepOutput output;
    try {
      have_said(options_.fault, counters_.completion_tokens);
      output = runner->step();
    } catch (const std::exception& error) {
      log::error("device failed: the engine ends so that a fresh one can start",
                 {{"model", name}, {"error", error.what()}});
      log::flush();
      std::_Exit(EXIT_FAILURE);
    }
    ++counters_.steps;
    for (const SequenceEnd& end : output.ended) {
      ++counters_.requests_completed;
      counters_.prompt_tokens += static_cast<std::uint64_t>(end.usage.prompt_tokens);
    }
    counters_.completion_tokens += output.tokens.size();
    publish_counters();
    if (!output.tokens.empty() || !output.ended.empty() || !output.progress.empty())
      listener_.on_step(counters_.steps, std::move(output));
  }
}

void DeviceThread::publish_counters() {
  int running = 0, waiting = 0;
  std::uint64_t kv_bytes = 0, prefix_bytes = 0, arena_bytes = 0;
  for (const auto& [name, runner] : runners_) {
    running += runner->running();
    waiting += runner->waiting();
    kv_bytes += runner->kv_bytes();
    prefix_bytes += runner->prefix_bytes();
    arena_bytes += runner->arena_bytes();
  }
  counters_.running = running;
  counters_.waiting = waiting;
  counters_.kv_bytes = kv_bytes;
  counters_.prefix_bytes = prefix_bytes;
  counters_.packed_bytes = backend_->packed_bytes();
  counters_.arena_bytes = arena_bytes;
  counters_.active_bytes = mx::get_active_memory();
  counters_.cache_bytes = mx::get_cache_memory();
  counters_.peak_bytes = mx::get_peak_memory();
}

}  // namespace sanctum::engine
