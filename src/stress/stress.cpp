#include "stress/stress.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <thread>

#include "base/error.h"
#include "client/model_abilities.h"
#include "client/server_status.h"
#include "stress/crash_watch.h"
#include "stress/solo_pass.h"

namespace sanctum::stress {
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

// What a worker asks next, and how its answer is judged.
struct Asked {
  client::ChatRequest request;
  std::function<Judgement(const client::Answer&)> judge;
};
// Given the number of the request at its worker; called by many threads.
using Source = std::function<Asked(std::uint64_t number, std::mt19937_64& random)>;

Source battery_source(Pipeline pipeline, const std::string& model) {
  return [pipeline, model](std::uint64_t number, std::mt19937_64& random) {
    auto task = make_task(pipeline, number, random);
    auto request = request_of(task, model);
    return Asked{std::move(request), [task = std::move(task)](const client::Answer& answer) {
                   return judge(task, answer);
                 }};
  };
}

// `twins` is not empty and outlives the source.
Source solo_source(const std::vector<Twin>& twins) {
  return [&twins](std::uint64_t number, std::mt19937_64& random) {
    const Twin& twin =
        twins[std::uniform_int_distribution<std::size_t>(0, twins.size() - 1)(random)];
    Asked asked{twin.question.request, [&twin](const client::Answer& answer) {
                  return judge_by_twin(twin.question.name, twin.alone, answer);
                }};
    asked.request.stream = number % 2 == 1;
    return asked;
  };
}

// Asks until the request is through, or is given up. Returns whether it ended in a failure.
bool serve_one(Run& run, Tally& tally, client::ChatClient& client, const Asked& asked) {
  for (;;) {
    const auto answer = client.chat(asked.request, {}, run.stop);
    const auto judgement = asked.judge(answer);
    {
      const std::lock_guard hold(run.board.lock);
      tally.add(asked.request.stream, answer, judgement, run.seconds(answer.ended));
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

client::Limits limits_of(const StressOptions& options) {
  client::Limits limits;
  limits.silence = limits.total = options.request_timeout;
  return limits;
}

void work(Run& run, Tally& tally, const Source& source) {
  std::random_device entropy;
  std::seed_seq seeds{entropy(), entropy(), entropy(), entropy()};
  std::mt19937_64 random(seeds);
  client::ChatClient client(run.options.endpoint, limits_of(run.options));
  int failures_in_a_row = 0;
  for (std::uint64_t number = 0; !run.stopped() && Clock::now() < run.ends; ++number) {
    const bool failed = serve_one(run, tally, client, source(number, random));
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

const std::string& model_of(const StressReport& report, Pipeline pipeline) {
  return pipeline == Pipeline::kVision ? report.vision_model : report.model;
}

// Asks the questions of the run's pipelines alone; those that fail are errors of theirs. The twins
// of each pipeline, in the order of the tallies.
std::vector<std::vector<Twin>> ask_twins(
    Run& run, StressReport& report, const std::function<void(const StressReport&)>& on_progress) {
  std::vector<Pipeline> pipelines;
  pipelines.reserve(run.board.tallies.size());
  for (const auto& tally : run.board.tallies) pipelines.push_back(tally.pipeline);
  auto questions = solo_questions(pipelines);
  if (report.without_tools)
    std::erase_if(questions, [](const auto& q) { return !q.request.tools_json.empty(); });
  for (auto& question : questions) question.request.model = model_of(report, question.pipeline);
  report.questions = questions.size();
  client::ChatClient client(run.options.endpoint, limits_of(run.options));
  auto next = Clock::now() + kProgressEvery;
  auto pass = ask_alone(
      questions, client, run.stop, [&](Milliseconds pause) { run.wait(pause, Instant::max()); },
      [&](std::size_t asked) {
        report.questions_alone = asked;
        if (!on_progress || Clock::now() < next) return;
        next = Clock::now() + kProgressEvery;
        on_progress(snapshot(run, report, 0));
      });
  std::vector<std::vector<Twin>> twins(run.board.tallies.size());
  for (std::size_t i = 0; i < twins.size(); ++i) {
    auto& tally = run.board.tallies[i];
    for (const auto& failure : pass.failures) {
      if (failure.pipeline == tally.pipeline) tally.error(failure.text, 0);
    }
    for (auto& twin : pass.twins) {
      if (twin.question.pipeline == tally.pipeline) twins[i].push_back(std::move(twin));
    }
  }
  return twins;
}

// What each tally's workers ask; an empty source where they have nothing to ask.
std::vector<Source> sources_of(const Run& run, const StressReport& report,
                               const std::vector<std::vector<Twin>>& twins) {
  std::vector<Source> sources;
  for (std::size_t i = 0; i < run.board.tallies.size(); ++i) {
    const auto pipeline = run.board.tallies[i].pipeline;
    if (report.reference == Reference::kBattery) {
      sources.push_back(battery_source(pipeline, model_of(report, pipeline)));
    } else {
      sources.push_back(twins[i].empty() ? Source() : solo_source(twins[i]));
    }
  }
  return sources;
}

}  // namespace

std::string_view to_string(Reference reference) {
  return reference == Reference::kBattery ? "battery" : "solo";
}

StressReport run_stress(const StressOptions& options,
                        const std::function<void(const StressReport&)>& on_progress,
                        const std::atomic<bool>* stop) {
  StressReport report;
  report.url = options.endpoint.url;
  report.workers = options.workers;
  report.reference = options.reference;
  client::ChatClient client(options.endpoint);
  report.model = client.choose_model(options.model);
  report.vision_model = options.vision_model.empty() ? report.model : options.vision_model;
  CrashWatch watch(options.endpoint, options.crash_processes);

  const bool solo = options.reference == Reference::kSolo;
  const std::string models = client.get("/v1/models").body;
  for (const std::string& model : {report.model, report.vision_model})
    if (const auto no_chat = client::abilities_of(models, model).no_chat; !no_chat.empty())
      throw Error(ErrorCode::kInvalid, client::prompts_alone(options.endpoint.url, model, no_chat),
                  "model");
  const bool sees =
      !solo || client::abilities_of(models, report.vision_model).vision.value_or(true);
  const bool tools = !solo || client::abilities_of(models, report.model).tools.value_or(true);
  Run run{options, stop, Clock::now(), Instant::max(), {}};
  for (const auto pipeline : options.pipelines) {
    const bool shown = sees || pipeline != Pipeline::kVision;
    if (!shown) report.blind = true;
    if (shown) run.board.tallies.emplace_back().pipeline = pipeline;
  }
  std::vector<std::vector<Twin>> twins;
  report.without_tools = !tools;
  if (solo) twins = ask_twins(run, report, on_progress);
  const auto sources = sources_of(run, report, twins);

  run.started = Clock::now();
  run.ends = run.started + options.duration;
  std::atomic<int> working{0};
  std::vector<std::thread> workers;
  for (std::size_t p = 0; p < sources.size(); ++p) {
    if (!sources[p]) continue;
    for (int i = 0; i < options.workers; ++i) {
      ++working;
      workers.emplace_back([&run, &working, &tally = run.board.tallies[p], &source = sources[p]] {
        work(run, tally, source);
        --working;
      });
    }
  }
  auto next = run.started + kProgressEvery;
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

}  // namespace sanctum::stress
