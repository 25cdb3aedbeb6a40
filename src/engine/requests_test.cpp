#include "engine/requests.h"

#include <gtest/gtest.h>

#include <future>
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

  std::promise<wire::Failure> refused;
  NoDevice listener;
  ModelTable table;
  OutputWorker output{{[](const wire::TokensFrame&) {}, [](const wire::Completed&) {},
                       [](const std::string&) {}, [] {}}};
  DeviceThread device{{}, listener};
  TextPool pool{1};
  Requests requests{4,
                    table,
                    pool,
                    device,
                    output,
                    {[](const std::string&, const wire::Accepted&) {},
                     [this](const std::string&, const wire::Failure& f) { refused.set_value(f); },
                     [](const wire::Completed&) {}, [](const std::string&) {}, [] {}}};
};

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
  pool.run([&] { busy.get_future().wait(); });
  requests.generate("1", request_of("m"));
  EXPECT_TRUE(requests.cancel("r"));
  busy.set_value();
  EXPECT_EQ(refusal().code, ErrorCode::kCancelled);
}

class OutOfMemory final : public models::Processor {
 public:
  models::Prompt prepare(std::vector<int>, const std::vector<std::string>&,
                         const std::vector<std::string>&, std::int64_t) const override {
    throw std::bad_alloc();
  }
};

TEST_F(RequestsTest, MemoryThatRunsOutRefusesTheRequest) {
  models::Architecture architecture = models::architectures().front();
  architecture.processor = [](const json::Node&,
                              const std::string&) -> std::shared_ptr<const models::Processor> {
    return std::make_shared<OutOfMemory>();
  };
  models::Description description = text_description(text::fixture("byte_level"));
  description.architecture = &architecture;
  table.begin_load("m", "/m");
  table.set_text("m", std::make_shared<const TextModel>(description));
  models::Traits traits;
  traits.context_tokens = description.context_tokens;
  table.set_ready("m", traits, 0);
  requests.generate("1", request_of("m"));
  EXPECT_EQ(refusal().code, ErrorCode::kInternal);
  pool.stop();
  EXPECT_TRUE(requests.idle());
  EXPECT_TRUE(table.begin_unload("m")) << "its lease was returned";
}

}  // namespace
}  // namespace sanctum::engine
