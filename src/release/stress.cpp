#include "release/stress.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <thread>

#include "base/error.h"
#include "client/server_status.h"
#include "release/crash_watch.h"

namespace sanctum::release {
namespace {

constexpr Milliseconds kWaitSlice{20};  // how late a stop is noticed while waiting

struct Board {
  std::mutex lock;
  std::vector<Tally> tallies;
};

struct Run {
  const StressOptions& options;
  const std::atomic<bool>* stop;
  Instant started;
  Instant ends;
  Board board;

  bool stopped() const { return stop != nullptr && stop->load(); }
  double seconds(Instant at) const {
    return static_cast<double>(microseconds_between(started, at)) / 1e6;
  }
  void wait(Milliseconds duration, Instant until) const {
    const auto end = std::min(Clock::now() + duration, until);
    while (!stopped() && Clock::now() < end) {
      std::this_thread::sleep_for(std::min<Clock::duration>(kWaitSlice, end - Clock::now()));
    }
  }
};

// Asks until the request is through, or is given up. Returns whether it ended in a failure.
bool serve_one(Run& run, Tally& tally, client::ChatClient& client, const StressTask& task,
               const std::string& model) {
  const auto request = request_of(task, model);
  for (;;) {
    const auto answer = client.chat(request, {}, run.stop);
    const auto judgement = judge(task, answer);
    {
      const std::lock_guard hold(run.board.lock);
      tally.add(task, answer, judgement, run.seconds(answer.ended));
    }
    if (judgement.finding != Finding::kRefused) {
      return judgement.finding == Finding::kError;
    }
    const auto give_up_at = run.ends + kRefusalGrace;
    run.wait(refusal_wait(answer.retry_after), give_up_at);
    if (run.stopped()) return false;
    if (Clock::now() >= give_up_at) {
      const std::lock_guard hold(run.board.lock);
      tally.give_up(judgement.text, run.seconds(Clock::now()));
      return true;
    }
  }
}

void work(Run& run, Tally& tally, const std::string& model) {
  std::random_device entropy;
  std::seed_seq seeds{entropy(), entropy(), entropy(), entropy()};
  std::mt19937_64 random(seeds);
  client::Limits limits;
  limits.silence = limits.total = run.options.request_timeout;
  client::ChatClient client(run.options.endpoint, limits);
  int failures_in_a_row = 0;
  for (std::uint64_t number = 0; !run.stopped() && Clock::now() < run.ends; ++number) {
    const auto task = make_task(tally.pipeline, number, random);
    const bool failed = serve_one(run, tally, client, task, model);
    failures_in_a_row = failed ? failures_in_a_row + 1 : 0;
    if (failed) run.wait(backoff(failures_in_a_row), run.ends);
  }
}

class CrashWatch {
 public:
  CrashWatch(const client::Endpoint& endpoint, const std::vector<std::string>& processes)
      : client_(endpoint), reports_(crash_report_directories(), processes) {
    look();
  }
  void look() {
    const auto reply = client_.get("/status");
    const bool told = reply.ending == client::Ending::kAnswered && reply.status == 200;
    restarts_.observe(told ? client::engine_restarts(reply.body) : std::nullopt);
  }
  // One death may leave both a restart and a report.
  std::uint64_t crashes() const {
    return std::max<std::uint64_t>(restarts_.crashes(), reports_.appeared().size());
  }

 private:
  client::ChatClient client_;
  RestartCount restarts_;
  CrashReports reports_;
};

StressReport snapshot(Run& run, StressReport report, std::uint64_t crashes) {
  {
    const std::lock_guard hold(run.board.lock);
    report.pipelines = run.board.tallies;
  }
  report.elapsed_s = run.seconds(Clock::now());
  report.crashes = crashes;
  report.cut_short = run.stopped();
  report.decision = decide(report.pipelines, report.crashes, report.cut_short);
  return report;
}

}  // namespace

StressReport run_stress(const StressOptions& options,
                        const std::function<void(const StressReport&)>& on_progress,
                        const std::atomic<bool>* stop) {
  StressReport report;
  report.url = options.endpoint.url;
  report.workers = options.workers;
  client::ChatClient client(options.endpoint);
  report.model = client.choose_model(options.model);
  report.vision_model = options.vision_model.empty() ? report.model : options.vision_model;
  CrashWatch watch(options.endpoint, options.crash_processes);

  const auto started = Clock::now();
  Run run{options, stop, started, started + options.duration, {}};
  for (const auto pipeline : options.pipelines) {
    run.board.tallies.emplace_back().pipeline = pipeline;
  }
  std::atomic<int> working{0};
  std::vector<std::thread> workers;
  for (auto& tally : run.board.tallies) {
    const auto& model = tally.pipeline == Pipeline::kVision ? report.vision_model : report.model;
    for (int i = 0; i < options.workers; ++i) {
      ++working;
      workers.emplace_back([&run, &tally, &model, &working] {
        work(run, tally, model);
        --working;
      });
    }
  }
  auto next = started + kProgressEvery;
  while (working.load() > 0) {
    std::this_thread::sleep_for(kWaitSlice);
    if (Clock::now() < next) continue;
    next = Clock::now() + kProgressEvery;
    watch.look();
    if (on_progress) on_progress(snapshot(run, report, watch.crashes()));
  }
  for (auto& worker : workers) worker.join();
  watch.look();
  return snapshot(run, report, watch.crashes());
}

}  // namespace sanctum::release
