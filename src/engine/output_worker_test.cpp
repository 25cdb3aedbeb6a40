#include "engine/output_worker.h"

#include <gtest/gtest.h>

#include <future>

#include "base/file.h"
#include "base/json.h"
#include "base/test_directory.h"
#include "engine/test_model.h"

namespace sanctum::engine {
namespace {

// A tokenizer whose decoder panics over the token "x": stripped from both ends it is shorter than
// nothing.
std::string broken_decoder() {
  const std::string text = read_file(text::fixture("metaspace") + "/tokenizer.json");
  const json::Document whole(text);
  json::Writer writer;
  writer.begin_object();
  for (const auto& [key, node] : whole.root().members()) {
    if (key != "decoder") writer.key(key).raw(node.dump());
  }
  writer.key("decoder").raw(R"({"type": "Strip", "content": "x", "start": 1, "stop": 1})");
  return writer.end_object().take();
}

TEST(OutputWorker, ATextThatCannotBeMadeEndsItsRequestAlone) {
  const TestDirectory directory;
  directory.write("tokenizer.json", broken_decoder());
  const auto model = std::make_shared<const TextModel>(text_description(directory.path()));
  const int bad = model->tokenizer()->id_of("x").value();
  const int good = model->tokenizer()->id_of("▁the").value();
  std::vector<std::string> stopped;
  std::map<std::string, wire::Completed> completed;
  std::promise<void> both;
  OutputWorker worker({[](const wire::TokensFrame&) {},
                       [&](const wire::Completed& one) {
                         completed[one.request] = one;
                         if (completed.size() == 2) both.set_value();
                       },
                       [&](const std::string& request) { stopped.push_back(request); }, [] {}});
  for (const char* name : {"bad", "good"}) {
    wire::GenerateRequest options;
    options.request = name;
    worker.open(name, std::make_unique<OutputStream>(name, model, options, false));
  }
  const auto token = [](const char* request, int id) {
    TokenOutput out;
    out.request = request;
    out.sampled.token = id;
    return out;
  };
  const auto ended = [](const char* request, wire::FinishReason reason) {
    SequenceEnd out;
    out.request = request;
    out.reason = reason;
    return out;
  };
  StepOutput first, last;
  first.tokens = {token("bad", bad), token("good", good)};
  last.ended = {ended("bad", wire::FinishReason::kCancelled),
                ended("good", wire::FinishReason::kStop)};
  worker.push(1, std::move(first));
  worker.push(2, std::move(last));
  both.get_future().wait();
  worker.stop();
  EXPECT_EQ(stopped, std::vector<std::string>{"bad"}) << "it is cancelled on the device";
  EXPECT_EQ(completed["bad"].finish_reason, wire::FinishReason::kError);
  ASSERT_TRUE(completed["bad"].failure);
  EXPECT_EQ(completed["bad"].failure->code, ErrorCode::kInternal);
  EXPECT_EQ(completed["good"].finish_reason, wire::FinishReason::kStop);
  EXPECT_FALSE(completed["good"].failure);
}

}  // namespace
}  // namespace sanctum::engine
