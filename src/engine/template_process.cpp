#include "engine/template_process.h"

#include <unistd.h>

#include <csignal>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "engine/template_frames.h"
#include "platform/process.h"

namespace sanctum::engine {
namespace {

constexpr int kAttempts = 2;
constexpr std::chrono::milliseconds kEndMax{30'000};  // from its socket's end, or SIGKILL
constexpr const char* kSocket = "3";                  // platform::Process: the child's end

platform::ProcessOptions options_of(const std::string& program) {
  platform::ProcessOptions options;
  options.path = program;
  options.arguments = {"--render-fd", kSocket};
  return options;
}

// What a template or a grammar did to its process; nothing when somebody else ended it.
std::optional<std::string> fault_of(const platform::ExitStatus& status,
                                    const text::Rendering& rendering) {
  const std::string work = rendering.grammar ? "compiling" : "rendering";
  switch (status.signal) {
    case 0:
      if (status.code != kExitOfMemory) return std::nullopt;
      return "needs more than the " + std::to_string(bytes_max(rendering) >> 20) +
             " MiB of memory that " + work + " it may take";
    case SIGPROF:
      return "takes longer than the " + std::to_string(cpu_max(rendering).count()) +
             " ms of processor time that " + work + " it may take";
    case SIGSEGV:
    case SIGBUS:
    case SIGABRT:
    case SIGILL:
    case SIGFPE:
      return "broke the process that has it (" + platform::describe(status) +
             "): it may be nested too deeply";
    default:
      return std::nullopt;
  }
}

}  // namespace

class TemplateProcesses::Child {
 public:
  explicit Child(const std::string& program)
      : process_(options_of(program)), socket_(process_.take_socket()) {}
  ~Child() { ::close(socket_); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // Nothing when it did not answer; it is of no use then.
  std::optional<Rendered> ask(const text::Rendering& rendering) {
    const Waiting waiting{Clock::now() + kRenderWallMax, [this] { return worth_waiting(); },
                          kStoppedLookEvery};
    Rendered rendered;
    if (write_rendering(socket_, rendering, waiting) &&
        read_rendered(socket_, rendered, bytes_max(rendering), waiting))
      return rendered;
    if (stopped_ || Clock::now() >= waiting.deadline) process_.signal(SIGKILL);
    return std::nullopt;
  }

  platform::ExitStatus end() {
    if (const auto status = process_.wait(kEndMax)) return *status;
    process_.signal(SIGKILL);
    return process_.wait(kEndMax).value_or(platform::ExitStatus{0, SIGKILL, false});
  }

 private:
  bool worth_waiting() {
    stopped_ = platform::is_stopped(process_.pid());
    return !stopped_;
  }

  bool stopped_ = false;  // by somebody
  platform::Process process_;
  int socket_;
};

TemplateProcesses::TemplateProcesses(std::string program) : program_(std::move(program)) {}
TemplateProcesses::~TemplateProcesses() = default;

std::unique_ptr<TemplateProcesses::Child> TemplateProcesses::idle() {
  const std::lock_guard lock(mutex_);
  if (idle_.empty()) return nullptr;
  auto child = std::move(idle_.back());
  idle_.pop_back();
  return child;
}

std::unique_ptr<TemplateProcesses::Child> TemplateProcesses::fresh() const {
  try {
    return std::make_unique<Child>(program_);
  } catch (const Error& error) {
    throw Error(ErrorCode::kUnavailable,
                std::string("no process to render the chat template in: ") + error.what());
  }
}

std::string TemplateProcesses::render(const text::Rendering& rendering) {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    // Who ended one may have ended them all.
    std::unique_ptr<Child> child = attempt == 0 ? idle() : nullptr;
    if (!child) child = fresh();
    if (auto rendered = child->ask(rendering)) {
      if (rendering.bytes() <= kKeptRenderingBytesMax) {
        const std::lock_guard lock(mutex_);
        idle_.push_back(std::move(child));
      }
      if (rendered->kind == Rendered::Kind::kText) return std::move(rendered->text);
      const bool compiled = rendered->kind == Rendered::Kind::kRefused;
      throw Error(compiled ? ErrorCode::kInvalid : ErrorCode::kCorrupt, rendered->text,
                  compiled && !rendering.grammar ? "messages" : "");
    }
    const platform::ExitStatus status = child->end();
    log::warn("a template's process ended", {{"how", platform::describe(status)}});
    const auto fault = fault_of(status, rendering);
    if (fault && rendering.grammar) throw Error(ErrorCode::kInvalid, "it " + *fault);
    if (fault) throw Error(ErrorCode::kInvalid, "the model's chat template " + *fault, "messages");
  }
  throw Error(ErrorCode::kUnavailable,
              "the process that renders the chat template was ended from outside");
}

std::shared_ptr<text::TemplateRenderer> renderer_of(const std::string& program) {
  if (program.empty()) return text::unguarded_renderer();
  return std::make_shared<TemplateProcesses>(program);
}

}  // namespace sanctum::engine
