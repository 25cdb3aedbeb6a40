// sanctum-engine: the runtime that owns one device. Speaks JSON-RPC, one message a line, on
// standard input and output, on a Unix socket, or on a descriptor that its supervisor passes.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#if defined(__SANITIZE_ADDRESS__)
#define SANCTUM_LOOKS_FOR_LEAKS
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANCTUM_LOOKS_FOR_LEAKS
#endif
#endif
#ifdef SANCTUM_LOOKS_FOR_LEAKS
#include <sanitizer/lsan_interface.h>
#endif

#include <CLI/CLI.hpp>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>

#include "base/error.h"
#include "base/exit_code.h"
#include "base/log.h"
#include "base/temporary_lack.h"
#include "engine/load_check.h"
#include "engine/service.h"
#include "engine/template_server.h"
#include "models/served_table.h"
#include "platform/descriptors.h"
#include "platform/executing.h"
#include "platform/machine.h"
#include "platform/shared_page.h"
#include "settings/ranges.h"
#include "settings/size_option.h"
#include "wire/rpc.h"

namespace {

using namespace sanctum;

constexpr int kExitOk = 0;
constexpr std::chrono::milliseconds kBeatEvery{100};

// Writes whole lines to whichever descriptor is current; without one, or after it broke, lines are
// dropped.
class DescriptorPeer final : public engine::Peer {
 public:
  void attach(int fd) {
    std::lock_guard lock(mutex_);
    fd_ = fd;
  }
  void send(std::string_view line) override {
    std::lock_guard lock(mutex_);
    while (fd_ >= 0 && !line.empty()) {
      const ssize_t n = ::write(fd_, line.data(), line.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0)
        fd_ = -1;
      else
        line.remove_prefix(static_cast<std::size_t>(n));
    }
  }

 private:
  std::mutex mutex_;
  int fd_ = -1;
};

// The memory that a supervisor watches, and a thread that beats in it for as long as this lives.
class Beating {
 public:
  explicit Beating(int descriptor)
      : page_(descriptor, sizeof(wire::Heartbeat)),
        heartbeat_(static_cast<wire::Heartbeat*>(page_.data())),
        thread_([this] { beat(); }) {
    heartbeat_->layout = wire::kHeartbeatLayout;
  }
  ~Beating() {
    {
      const std::lock_guard lock(mutex_);
      over_ = true;
    }
    wake_.notify_all();
    thread_.join();
  }
  Beating(const Beating&) = delete;
  Beating& operator=(const Beating&) = delete;
  wire::Heartbeat* heartbeat() const { return heartbeat_; }

 private:
  void beat() {
    std::unique_lock lock(mutex_);
    do {
      ++heartbeat_->beats;
    } while (!wake_.wait_for(lock, kBeatEvery, [this] { return over_; }));
  }

  platform::SharedPage page_;
  wire::Heartbeat* heartbeat_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool over_ = false;
  std::thread thread_;
};

// Serves what comes from `fd` until its end, a shutdown, or a line that is no JSON-RPC.
void serve_stream(int fd, engine::Service& service) {
  wire::LineBuffer lines;
  std::string buffer(1 << 16, '\0');
  while (!service.shutdown_requested()) {
    const ssize_t n = ::read(fd, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    try {
      lines.push({buffer.data(), static_cast<std::size_t>(n)});
      while (auto line = lines.pop()) {
        if (!line->empty()) service.handle(*line);
      }
    } catch (const Error& error) {
      log::error("protocol error: giving the peer up", {{"error", error.what()}});
      return;
    }
  }
}

int listen_on(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    throw Error(ErrorCode::kInvalid,
                "the socket's path is longer than " + std::to_string(sizeof(address.sun_path) - 1) +
                    " bytes",
                "--socket");
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  if (::connect(fd, generic, sizeof(address)) == 0) {
    throw Error(ErrorCode::kInvalid, "another process serves " + path, "--socket");
  }
  ::unlink(path.c_str());
  if (::bind(fd, generic, sizeof(address)) != 0 || ::listen(fd, 4) != 0) {
    throw Error(ErrorCode::kInvalid, "cannot listen on " + path + ": " + std::strerror(errno),
                "--socket");
  }
  return fd;
}

void serve_socket(const std::string& path, engine::Service& service, DescriptorPeer& peer) {
  const int listener = listen_on(path);
  log::info("listening", {{"socket", path}});
  while (!service.shutdown_requested()) {
    const int fd = ::accept(listener, nullptr, nullptr);
    if (fd < 0) continue;
    peer.attach(fd);
    serve_stream(fd, service);
    peer.attach(-1);
    service.cancel_all();
    ::close(fd);
  }
  ::unlink(path.c_str());
}

// Without a supervisor, on a socket or on the standard streams.
void serve_alone(const engine::ServiceOptions& options, const std::string& socket_path) {
  DescriptorPeer peer;
  engine::Service service(options, peer);
  if (!socket_path.empty()) return serve_socket(socket_path, service, peer);
  peer.attach(STDOUT_FILENO);
  serve_stream(STDIN_FILENO, service);
  service.drain();
}

[[noreturn]] void end_now() {
#ifdef SANCTUM_LOOKS_FOR_LEAKS
  __lsan_do_leak_check();  // as exit() would
#endif
  log::flush();
  std::_Exit(kExitOk);
}

int write_libraries(int fd) {
  std::vector<std::string> all = platform::libraries_of_our_own();
  for (auto& beside : platform::files_beside_libraries()) all.push_back(std::move(beside));
  for (const auto& library : all) {
    const std::string line = library + "\n";
    if (::write(fd, line.data(), line.size()) != static_cast<ssize_t>(line.size())) return 1;
  }
  return kExitOk;
}

int check_loads(const std::vector<std::string>& told, const engine::DeviceOptions& options,
                const engine::LoadQuestions& questions) {
  std::vector<engine::LoadCandidate> candidates;
  candidates.reserve(told.size());
  for (const auto& each : told) candidates.push_back(engine::load_candidate(each));
  const auto checked = engine::check_loads(candidates, options, questions);
  for (const auto& memory : checked.memories) std::printf("%s\n", wire::encode(memory).c_str());
  std::fflush(stdout);  // before what is said of the others
  if (!checked.why.empty()) log::last_words(checked.why);
  return checked.none ? kExitConfiguration : kExitOk;
}

// Without them the first computation would fail, long after the start.
void check_files_beside_libraries() {
  for (const auto& file : platform::files_beside_libraries()) {
    if (!std::filesystem::exists(file))
      throw Error(ErrorCode::kNotFound,
                  file + " is missing: MLX cannot compute without it; install Sanctum again");
  }
}

}  // namespace

int main(int argc, char** argv) {
  platform::open_standard_streams();
  CLI::App app{
      "Runs models on this machine's device and speaks JSON-RPC 2.0, one message a line.\n\n"
      "  echo "
      "'{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"load_model\",\"params\":{\"model\":\"m\","
      "\"path\":\"DIR\"}}' "
      "| sanctum-engine\n\n"
      "Methods: load_model unload_model models generate cancel tokenize stats shutdown.\n"
      "Notifications: load_progress tokens completed.\n"
      "Exit codes: 0 end of input or shutdown, 1 the device failed, 2 usage, 75 the system "
      "lacks threads or memory right now, 78 configuration."};
  std::string socket_path, log_level = "info", kv_type = settings::kKvTypes.front();
  int rpc_fd = -1, heartbeat_fd = -1;
  engine::ServiceOptions options;
  app.add_option("--socket", socket_path,
                 "serve on a Unix socket instead of standard input and output");
  app.add_option("--rpc-fd", rpc_fd,
                 "serve on this open descriptor; the engine ends at once when it closes")
      ->check(CLI::Range(0, 1 << 16));
  app.add_option("--heartbeat-fd", heartbeat_fd,
                 "shared memory in which a supervisor sees that this engine lives")
      ->check(CLI::Range(0, 1 << 16));
  app.add_option("--max-sequences", options.device.limits.sequences_max,
                 "requests that decode together")
      ->check(CLI::Range(settings::kMaxSequences.low, settings::kMaxSequences.high))
      ->capture_default_str();
  app.add_option("--queue", options.queue_max, "requests that may wait beyond those")
      ->check(CLI::Range(settings::kQueue.low, settings::kQueue.high))
      ->capture_default_str();
  app.add_option("--request-bytes", options.request_bytes_max,
                 "memory for the texts and pictures of all requests that have not ended")
      ->transform(settings::size_validator())
      ->capture_default_str();
  app.add_option("--step-tokens", options.device.step_tokens,
                 "prompt and decode tokens of one step [512, on a GPU 2048]")
      ->check(CLI::Range(settings::kStepTokens.low, settings::kStepTokens.high));
  app.add_option(
         "--step-ms", options.device.limits.step_ms_max,
         "milliseconds to which prompts and pictures may stretch a step while answers stream")
      ->check(CLI::Range(settings::kStepMs.low, settings::kStepMs.high))
      ->capture_default_str();
  app.add_option("--kv-bytes", options.device.kv_bytes,
                 "memory for each model's keys and values, such as 2GiB")
      ->transform(settings::size_validator())
      ->capture_default_str();
  app.add_option("--kv-type", kv_type,
                 "stored: keys and values as the weights are stored; int8: in our kernels, as "
                 "integers with a scale for each 32, about half of 16 bits")
      ->check(CLI::IsMember(settings::kKvTypes))
      ->capture_default_str();
  app.add_option("--prefix-cache-bytes", options.device.prefix_bytes_max,
                 "of that, what may keep prefixes that no request uses now; 0: no prefix cache")
      ->transform(settings::size_validator())
      ->capture_default_str();
  app.add_option("--kernels", options.device.kernels,
                 "cpu: our kernels; mlx: MLX's operations; auto: ours where there is no GPU")
      ->check(CLI::IsMember(settings::kKernels))
      ->capture_default_str();
  app.add_option("--threads", options.device.cpu.threads,
                 "threads of our kernels; 0: one for each core")
      ->check(CLI::Range(settings::kThreads.low, settings::kThreads.high))
      ->capture_default_str();
  app.add_option(
         "--activation-bits", options.device.cpu.row_bits,
         "of all activations in our kernels [8 where they meet 4-bit weights, 16 where 8-bit]")
      ->check(CLI::IsMember({8, 16}));
  app.add_option("--compute-dtype", options.device.compute_dtype, "arithmetic of MLX's operations")
      ->check(CLI::IsMember({"auto", "float32", "bfloat16", "float16"}))
      ->capture_default_str();
  int libraries_fd = -1, render_fd = -1;
  app.add_option(
         "--render-fd", render_fd,
         "render chat templates that are asked for on this descriptor, and nothing else: an "
         "engine starts itself so, for templates that are not trusted")
      ->check(CLI::Range(0, 1 << 16));
  app.add_option("--libraries", libraries_fd,
                 "write the libraries that this program runs with to that descriptor, and end");
  std::vector<std::string> to_check;
  app.add_option("--check", to_check,
                 "only find out, without reading weights, which of these could not be loaded with "
                 "these options, and say why; exit code 78: none could be")
      ->type_name("NAME=DIR");
  engine::LoadQuestions questions;
  app.add_flag("--check-texts", questions.texts, "with --check: tokenizer and template too");
  app.add_flag("--memory", questions.memory,
               "with --check: also print what each would take of memory, as a line of JSON");
  bool architectures = false;
  app.add_flag("--architectures", architectures, "only print what can be served, as JSON");
  app.add_option("--log-level", log_level, "debug, info, warn or error")->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitOk : kExitUsage;
  }
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  try {
    log::set_level(log_level);
    if (libraries_fd >= 0) return write_libraries(libraries_fd);
    if (architectures) {
      std::printf("%s\n", models::served_table().c_str());
      return kExitOk;
    }
    if (render_fd >= 0) return engine::serve_templates(render_fd);
    options.device.cpu.kv_int8 = kv_type == settings::kKvInt8;
    questions.template_program = platform::program_of_this_process();
    if (!to_check.empty()) return check_loads(to_check, options.device, questions);
    check_files_beside_libraries();
    options.template_program = platform::program_of_this_process();
    if (const char* fault = std::getenv("SANCTUM_FAULT"))
      options.device.fault = engine::parse_fault(fault);
    if (const char* script = std::getenv("SANCTUM_SCRIPT"))
      options.script = std::make_shared<const engine::Script>(script);
    std::optional<Beating> beating;
    if (heartbeat_fd >= 0) options.device.heartbeat = beating.emplace(heartbeat_fd).heartbeat();
    if (rpc_fd >= 0) {
      DescriptorPeer peer;
      engine::Service service(options, peer);
      peer.attach(rpc_fd);
      serve_stream(rpc_fd, service);
      end_now();  // nobody is left to hear of anything
    }
    serve_alone(options, socket_path);
    end_now();  // a read that was left behind may still use what exit() would destroy
  } catch (const Error& error) {
    log::last_words(std::string("sanctum-engine: ") + error.what());
    return kExitConfiguration;
  } catch (const std::system_error& error) {
    log::last_words(std::string("sanctum-engine: ") + error.what());
    return is_temporary_lack(error.code()) ? kExitTryAgain : kExitFailure;
  }
}
