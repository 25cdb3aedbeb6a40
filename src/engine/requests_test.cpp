#include "engine/requests.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <future>
#include <mutex>
#include <new>

#include "engine/test_model.h"

namespace sanctum::engine {
namespace {

using namespace std::chrono_literals;

constexpr auto kAnswerMax = 30s;  // far less than a request waits for its model

class NoDevice final : public DeviceListener {
 public:
  void on_load_progress(const std::string&, std::uint64_t, std::uint64_t) override {}
  void on_loaded(const std::string&, const models::Traits&, std::int64_t) override {}
  void on_load_failed(const std::string&, const wire::Failure&) override {}
  void on_unloaded(const std::string&) override {}
  void on_step(std::uint64_t, StepOutput) override {}
  bool has_room() const override { return true; }
};

// What happened, in order; waits for a name to appear.
class Record {
 public:
  void add(const std::string& what) {
    {
      std::lock_guard lock(mutex_);
      all_.push_back(what);
    }
    changed_.notify_all();
  }
  bool wait(const std::string& what) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kAnswerMax, [&] { return count(what) > 0; });
  }
  std::vector<std::string> all() {
    std::lock_guard lock(mutex_);
    return all_;
  }

 private:
  long count(const std::string& what) { return std::count(all_.begin(), all_.end(), what); }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> all_;
};

class RequestsTest : public testing::Test {
 protected:
  ~RequestsTest() override {
    device.stop();
    pool.stop();
    output.stop();
    requests.stop();
  }

  wire::Failure refusal() {
    auto future = refused.get_future();
    if (future.wait_for(kAnswerMax) != std::future_status::ready)
      return {ErrorCode::kInternal, "nobody answered", ""};
    return future.get();
  }

  // Makes model "m" one of this processor.
  void load(const std::function<std::shared_ptr<const models::Processor>()>& make) {
    static std::function<std::shared_ptr<const models::Processor>()> made;  // a row has no state
    made = make;
    models::Architecture architecture = models::architectures().front();
    architecture.processor = [](const json::Node&, const std::string&) { return made(); };
    models::Description description = text_description(text::fixture("byte_level"));
    description.architecture = &architecture;
    table.begin_load("m", "/m");
    table.set_text("m", std::make_shared<const TextModel>(description));
    models::Traits traits;
    traits.context_tokens = description.context_tokens;
    table.set_ready("m", traits, 0);
  }

  Record record;  // "accepted r", "refused r", and what a processor adds
  std::promise<wire::Failure> refused;
  std::once_flag refused_once;
  wire::Heartbeat heartbeat{};
  NoDevice listener;
  ModelTable table;
  OutputWorker output{{[](const wire::TokensFrame&) {}, [](const wire::Completed&) {},
                       [](const std::string&) {}, [] {}}};
  DeviceThread device{{}, listener};
  TextPool pool{1};
  Requests requests{
      {4, 1000},
      table,
      pool,
      device,
      output,
      {[this](const std::string&, const wire::Accepted& a) { record.add("accepted " + a.request); },
       [this](const std::string& rpc_id, const wire::Failure& f) {
         std::call_once(refused_once, [&] { refused.set_value(f); });
         record.add("refused " + rpc_id + " " + std::string(to_string(f.code)));
       },
       [](const wire::Completed&) {}, [](const std::string&) {}, [] {}},
      &heartbeat};
};

// The device rests meanwhile: a request that is counted as worked on then is an engine that stands
// still, and five of those were the end of the other models, too.
TEST_F(RequestsTest, OneThatWaitsForALoadIsNobodysWork) {
  table.begin_load("m", "/m");
  wire::GenerateRequest request;
  request.request = "r";
  request.model = "m";
  request.prompt = "hello";
  requests.generate("1", request);
  const Instant late = Clock::now() + kAnswerMax;
  while (heartbeat.in_flight != 0 && Clock::now() < late) std::this_thread::yield();
  EXPECT_EQ(heartbeat.in_flight, 0u);
  EXPECT_FALSE(requests.idle());
  load([] { return std::make_shared<models::Processor>(); });
  requests.model_settled("m");
  EXPECT_TRUE(record.wait("accepted r"));
  EXPECT_EQ(heartbeat.in_flight, 1u) << "now it is";
}

wire::GenerateRequest request_of(const std::string& model) {
  wire::GenerateRequest request;
  request.request = "r";
  request.model = model;
  request.prompt = "the";
  return request;
}

TEST_F(RequestsTest, ACancelBeforeTheWaitForTheModelIsNotLost) {
  table.begin_load("m", "/m");
  std::promise<void> busy;
  pool.run(Turn::kText, [&] { busy.get_future().wait(); });
  requests.generate("1", request_of("m"));
  EXPECT_TRUE(requests.cancel("r"));
  busy.set_value();
  EXPECT_EQ(refusal().code, ErrorCode::kCancelled);
}

class OutOfMemory final : public models::Processor {
 public:
  bool vision() const override { return true; }
  std::unique_ptr<models::PromptBuilder> begin(std::vector<int>, std::vector<std::string>,
                                               std::vector<std::string>,
                                               std::int64_t) const override {
    throw std::bad_alloc();
  }
};

TEST_F(RequestsTest, MemoryThatRunsOutRefusesTheRequest) {
  load([] { return std::make_shared<OutOfMemory>(); });
  requests.generate("1", request_of("m"));
  EXPECT_EQ(refusal().code, ErrorCode::kInternal);
  pool.stop();
  EXPECT_TRUE(requests.idle());
  EXPECT_TRUE(table.begin_unload("m")) << "its lease was returned";
}

// Pictures that are read when the test says so; each becomes `pixel_bytes` bytes of pixels.
class SlowPictures final : public models::Processor {
 public:
  bool vision() const override { return true; }
  SlowPictures(Record& record, std::function<void()> before, std::size_t pixel_bytes)
      : record_(record), before_(std::move(before)), pixel_bytes_(pixel_bytes) {}

  std::unique_ptr<models::PromptBuilder> begin(std::vector<int> ids, std::vector<std::string> files,
                                               std::vector<std::string>,
                                               std::int64_t) const override {
    return std::make_unique<Builder>(*this, std::move(ids), std::move(files));
  }

 private:
  class Builder final : public models::PromptBuilder {
   public:
    Builder(const SlowPictures& of, std::vector<int> ids, std::vector<std::string> files)
        : of_(of), files_(std::move(files)) {
      prompt_.tokens = std::move(ids);
      prompt_.positions.resize(prompt_.tokens.size());
    }
    std::size_t pictures_left() const override { return files_.size() - read_; }
    void read_picture() override {
      of_.record_.add("reading " + files_[read_]);
      of_.before_();
      prompt_.images.push_back({.picture = std::make_shared<Pixels>(of_.pixel_bytes_)});
      of_.record_.add("read " + files_[read_++]);
    }
    std::uint64_t bytes() const override { return read_ * of_.pixel_bytes_; }
    models::Prompt take() override { return std::move(prompt_); }

   private:
    struct Pixels final : models::PreparedPicture {
      explicit Pixels(std::uint64_t count) : bytes_(count) {}
      std::uint64_t bytes() const override { return bytes_; }
      std::uint64_t bytes_;
    };

    const SlowPictures& of_;
    std::vector<std::string> files_;
    std::size_t read_ = 0;
    models::Prompt prompt_;
  };

  Record& record_;
  const std::function<void()> before_;
  const std::size_t pixel_bytes_;
};

wire::GenerateRequest named(const std::string& name,
                            const std::vector<std::string>& pictures = {}) {
  wire::GenerateRequest request = request_of("m");
  request.request = name;
  request.images = pictures;
  return request;
}

TEST_F(RequestsTest, AProbeWaitsForNobodysPictures) {
  std::promise<void> go;
  const std::shared_future<void> gone(go.get_future());
  load([&] { return std::make_shared<SlowPictures>(record, [gone] { gone.wait(); }, 1); });
  for (const std::string name : {"a", "b", "c"}) requests.generate(name, named(name, {name}));
  EXPECT_TRUE(record.wait("reading a")) << "the one thread that is for all is busy";
  wire::GenerateRequest probe = named("probe");
  probe.reserved = true;
  requests.generate("probe", probe);
  EXPECT_TRUE(record.wait("accepted probe"));
  go.set_value();
  EXPECT_TRUE(record.wait("accepted c"));
}

TEST_F(RequestsTest, TextsComeBetweenThePicturesOfOneRequest) {
  std::promise<void> go;
  const std::shared_future<void> gone(go.get_future());
  load([&] { return std::make_shared<SlowPictures>(record, [gone] { gone.wait(); }, 1); });
  requests.generate("a", named("a", {"a1", "a2"}));
  EXPECT_TRUE(record.wait("reading a1"));
  requests.generate("b", named("b", {"b1"}));
  requests.generate("t", named("t"));
  go.set_value();
  EXPECT_TRUE(record.wait("accepted b"));
  EXPECT_EQ(record.all(), (std::vector<std::string>{"reading a1", "read a1", "accepted t",
                                                    "reading a2", "read a2", "accepted a",
                                                    "reading b1", "read b1", "accepted b"}));
}

TEST_F(RequestsTest, ACancelIsSeenBetweenTwoPictures) {
  std::promise<void> go;
  const std::shared_future<void> gone(go.get_future());
  load([&] { return std::make_shared<SlowPictures>(record, [gone] { gone.wait(); }, 1); });
  requests.generate("a", named("a", {"a1", "a2", "a3"}));
  EXPECT_TRUE(record.wait("reading a1"));
  EXPECT_TRUE(requests.cancel("a"));
  go.set_value();
  EXPECT_EQ(refusal().code, ErrorCode::kCancelled);
  pool.stop();
  EXPECT_EQ(record.all(),
            (std::vector<std::string>{"reading a1", "read a1", "refused a cancelled"}));
  EXPECT_TRUE(table.begin_unload("m")) << "its lease was returned";
}

TEST_F(RequestsTest, WhatLiveRequestsHoldHasALimitInBytes) {
  table.begin_load("m", "/m");  // they wait for it
  wire::GenerateRequest large = named("a");
  large.prompt = std::string(600, 'x');
  requests.generate("a", large);
  large.request = "b";
  requests.generate("b", large);
  EXPECT_TRUE(record.wait("refused b busy"));
  large.request = "probe";
  large.reserved = true;
  requests.generate("probe", large);
  requests.generate("small", named("small"));
  EXPECT_TRUE(requests.cancel("a"));
  EXPECT_TRUE(record.wait("refused a cancelled"));
  large.request = "c";
  large.reserved = false;
  requests.generate("c", large);
  large.request = "d";
  large.prompt = std::string(1001, 'x');
  requests.generate("d", large);
  EXPECT_TRUE(record.wait("refused d invalid")) << "it will never fit";
  EXPECT_EQ(record.all(), (std::vector<std::string>{"refused b busy", "refused a cancelled",
                                                    "refused d invalid"}));
}

// A stream that had begun was cut after its engine's death: a newcomer had taken its room.
TEST_F(RequestsTest, WhatAnEngineHadAcceptedHasItsPlace) {
  table.begin_load("m", "/m");  // they wait for it
  wire::GenerateRequest large = named("newcomer");
  large.prompt = std::string(900, 'x');
  requests.generate("newcomer", large);
  large.request = "a";
  large.again = true;
  requests.generate("a", large);
  large.request = "late";
  large.again = false;
  requests.generate("late", large);
  EXPECT_TRUE(record.wait("refused late busy")) << "what has its place counts all the same";
  for (const char* live : {"newcomer", "a"}) {
    EXPECT_TRUE(requests.cancel(live));
    EXPECT_TRUE(record.wait(std::string("refused ") + live + " cancelled"));
  }
}

TEST_F(RequestsTest, PixelsCountToo) {
  std::promise<void> go;
  const std::shared_future<void> gone(go.get_future());
  load([&] { return std::make_shared<SlowPictures>(record, [gone] { gone.wait(); }, 400); });
  requests.generate("a", named("a", {"a1"}));
  requests.generate("b", named("b", {"b1", "b2"}));
  EXPECT_TRUE(record.wait("reading a1"));
  go.set_value();
  EXPECT_TRUE(record.wait("refused b busy"));
  EXPECT_TRUE(record.wait("read b2")) << "only then it was too much";
  requests.generate("c", named("c", {"c1", "c2", "c3"}));
  EXPECT_TRUE(record.wait("refused c busy"));
  wire::GenerateRequest again = named("d", {"d1", "d2", "d3"});
  again.again = true;
  requests.generate("d", again);
  EXPECT_TRUE(record.wait("read d3"));
}

}  // namespace
}  // namespace sanctum::engine
