#include "supervisor/worker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <future>
#include <mutex>
#include <queue>

#include "base/file.h"
#include "base/test_directory.h"

namespace sanctum::supervisor {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

// An engine of a few lines of shell: it answers every request with {"steps":<its process id>}.
constexpr const char* kAnswering = R"(#!/bin/sh
while read -r line <&3; do
  id=$(printf '%s' "$line" | sed 's/.*"id":\([0-9]*\).*/\1/')
  case "$line" in
    *'"method":"die"'*) kill -SEGV $$ ;;
    *'"method":"babble"'*) echo nonsense >&3 ;;
    *) echo "{\"jsonrpc\":\"2.0\",\"id\":$id,\"result\":{\"steps\":$$}}" >&3 ;;
  esac
done
)";

class WorkerTest : public testing::Test {
 protected:
  WorkerTest() { std::signal(SIGPIPE, SIG_IGN); }
  void start(const std::string& script, std::vector<wire::LoadRequest> models = {}) {
    const std::string path = root_.path("engine");
    if (!script.empty()) write_file_atomically(path, script, 0700);
    WorkerListener listener;
    listener.ready = [this] { tell("ready"); };
    listener.died = [this](const Death& death) {
      tell((death.from_outside ? "died from outside: " : "died: ") + death.reason);
    };
    listener.parked = [this](const std::string& reason) { tell("parked: " + reason); };
    worker_ = std::make_unique<Worker>(WorkerOptions{path, {}, std::move(models)}, listener);
    worker_->start();
  }
  void tell(const std::string& event) {
    const std::lock_guard lock(mutex_);
    events_.push(event);
    told_.notify_all();
  }
  std::string next() {
    std::unique_lock lock(mutex_);
    if (!told_.wait_for(lock, std::chrono::seconds(30), [this] { return !events_.empty(); }))
      return "nothing";
    std::string event = events_.front();
    events_.pop();
    return event;
  }
  std::string call(const std::string& method) {
    std::promise<std::string> answer;
    worker_->call(method, "{}", milliseconds(0), [&](const wire::Message& m) {
      answer.set_value(m.failure ? std::string(sanctum::to_string(m.failure->code))
                                 : m.body().dump());
    });
    return answer.get_future().get();
  }
  const TestDirectory root_;
  std::mutex mutex_;
  std::condition_variable told_;
  std::queue<std::string> events_;
  std::unique_ptr<Worker> worker_;
};

TEST_F(WorkerTest, GoesBackToTheFormerProgramIfAnotherCannotBeKeptRunning) {
  start(kAnswering);
  EXPECT_EQ(next(), "ready");
  const std::string first = call("stats");
  const std::string bad = root_.path("bad");
  write_file_atomically(bad, "#!/bin/sh\nexit 78\n", 0700);
  worker_->retire(bad);
  EXPECT_THAT(next(), HasSubstr("died from outside"));
  EXPECT_THAT(next(), HasSubstr("died: the engine exited with code 78"));
  EXPECT_EQ(next(), "ready");
  EXPECT_NE(call("stats"), first);
  worker_->stop();
}

TEST_F(WorkerTest, IsReadyWhenItAnswersAndGoneAfterStop) {
  start(kAnswering);
  EXPECT_EQ(next(), "ready");
  const WorkerStatus status = worker_->status();
  EXPECT_EQ(status.state, WorkerState::kReady);
  EXPECT_EQ(call("stats"), "{\"steps\":" + std::to_string(status.pid) + "}");
  worker_->stop();
  EXPECT_EQ(::kill(status.pid, 0), -1);
  EXPECT_EQ(call("stats"), "unavailable");
}

TEST_F(WorkerTest, ACrashFailsItsCallsAndIsFollowedByARestart) {
  start(kAnswering);
  EXPECT_EQ(next(), "ready");
  const int first = worker_->status().pid;
  EXPECT_EQ(call("die"), "unavailable");
  EXPECT_THAT(next(), HasSubstr("SIGSEGV"));
  EXPECT_EQ(next(), "ready");
  EXPECT_NE(worker_->status().pid, first);
  EXPECT_EQ(worker_->status().starts, 2);
  EXPECT_THAT(call("stats"), HasSubstr("steps"));
}

TEST_F(WorkerTest, AnEngineThatTalksNonsenseIsReplaced) {
  start(kAnswering);
  EXPECT_EQ(next(), "ready");
  EXPECT_EQ(call("babble"), "unavailable");
  EXPECT_THAT(next(), HasSubstr("died"));
  EXPECT_EQ(next(), "ready");
}

TEST_F(WorkerTest, BadConfigurationParks) {
  start("#!/bin/sh\nexit 78\n");
  EXPECT_THAT(next(), HasSubstr("parked: the engine exited with code 78"));
  EXPECT_THAT(next(), HasSubstr("died"));
  EXPECT_EQ(worker_->status().state, WorkerState::kParked);
  EXPECT_EQ(worker_->status().starts, 1);
}

TEST_F(WorkerTest, AMissingProgramParks) {
  start("");
  EXPECT_THAT(next(), HasSubstr("parked: cannot run"));
  EXPECT_EQ(call("stats"), "unavailable");
}

TEST_F(WorkerTest, OneWhoseProgramWasMissingStartsWhenItIsThere) {
  start("");
  EXPECT_THAT(next(), HasSubstr("parked: cannot run"));
  write_file_atomically(root_.path("engine"), kAnswering, 0700);
  EXPECT_EQ(next(), "ready");
}

TEST_F(WorkerTest, AParkedOneStartsAfreshWhenAsked) {
  const std::string answering = std::string(kAnswering).substr(sizeof "#!/bin/sh");
  start("#!/bin/sh\n[ -e \"$0.mended\" ] || exit 78\n" + answering);
  EXPECT_THAT(next(), HasSubstr("parked: the engine exited with code 78"));
  EXPECT_THAT(next(), HasSubstr("died"));
  write_file_atomically(root_.path("engine.mended"), "", 0600);
  worker_->wake();
  EXPECT_EQ(next(), "ready");
}

TEST_F(WorkerTest, ModelsAreAskedForAtEveryStart) {
  const std::string log = root_.path("log");
  std::string script = kAnswering;
  script.replace(script.find("  id="), 0,
                 "  case \"$line\" in *load_model*) echo \"$line\" >>" + log + ";; esac\n");
  start(script, {{"m", "/models/m"}});
  EXPECT_EQ(next(), "ready");
  EXPECT_THAT(call("stats"), HasSubstr("steps"));  // answered after the load was read
  EXPECT_THAT(read_file(log), HasSubstr("\"path\":\"/models/m\""));
  EXPECT_EQ(call("die"), "unavailable");
  EXPECT_THAT(next(), HasSubstr("died"));
  EXPECT_EQ(next(), "ready");
  call("stats");
  const std::string text = read_file(log);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
}

TEST_F(WorkerTest, StopIsBoundedForAnEngineThatIgnoresIt) {
  start(std::string("#!/bin/sh\ntrap '' TERM\n") + (kAnswering + 10) + "sleep 1000\n");
  EXPECT_EQ(next(), "ready");
  const int pid = worker_->status().pid;
  const Instant before = Clock::now();
  worker_->stop();
  EXPECT_LT(Clock::now() - before, kTerminateLimit + std::chrono::seconds(5));
  EXPECT_EQ(::kill(pid, 0), -1);
}

}  // namespace
}  // namespace sanctum::supervisor
