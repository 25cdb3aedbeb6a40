// Responses that are kept, over HTTP: what is asked of the store, and what a client is told.
#include <gmock/gmock.h>

#include <map>
#include <mutex>

#include "gateway/test_gateway.h"

namespace sanctum::gateway {
namespace {

using testing::HasSubstr;

constexpr const char* kPath = "/v1/responses";

// In memory; `refuses` as a full disk does, `silent` as one that hangs.
class MemoryStore : public AnswerStore {
 public:
  void keep(KeptAnswer answer, std::function<void(bool kept)> done) override {
    const std::lock_guard lock(mutex_);
    if (silent) return;
    if (!refuses) kept_[answer.id] = answer;
    done(!refuses);
  }
  void find(const std::string& id, const std::string& owner,
            Answered<std::optional<KeptAnswer>> done) override {
    const std::lock_guard lock(mutex_);
    const auto found = kept_.find(id);
    if (found == kept_.end() || found->second.owner != owner) return done({}, {});
    done({}, found->second);
  }
  void conversation(const std::string& id, const std::string& owner,
                    Answered<std::string> done) override {
    find(id, owner, [&](const auto&, const auto& found) {
      if (!found)
        return done(wire::Failure{ErrorCode::kNotFound, "not kept", "previous_response_id"}, {});
      done({}, found->input.substr(0, found->input.size() - 1) + "," + found->output.substr(1));
    });
  }
  void remove(const std::string& id, const std::string& owner, Answered<bool> done) override {
    bool there = false;
    find(id, owner, [&](const auto&, const auto& found) { there = found.has_value(); });
    const std::lock_guard lock(mutex_);
    if (there) kept_.erase(id);
    done({}, there);
  }

  bool refuses = false, silent = false;

 private:
  std::recursive_mutex mutex_;
  std::map<std::string, KeptAnswer> kept_;
};

class ResponsesStore : public testing::Test {
 protected:
  ResponsesStore() { gateway.services.answers = &store; }

  // Asks, has it answered "hello", and returns the response.
  std::string answered(HttpClient& client, const std::string& body) {
    client.post(kPath, body);
    messages = gateway.engine.next_request();
    gateway.engine.accept(messages.request);
    gateway.engine.text(messages.request, "hello");
    gateway.engine.complete(messages.request);
    return client.reply().body;
  }
  static std::string member(const std::string& body, const char* name) {
    return json::Document(body).root().at(name).dump();
  }
  static std::string id_of(const std::string& body) {
    return json::Document(body).root().at("id").as_string();
  }

  MemoryStore store;
  TestGateway gateway;
  wire::GenerateRequest messages;
};

TEST_F(ResponsesStore, IsToldAndAsked) {
  HttpClient client(gateway.port);
  const std::string first = answered(client, R"({"model":"m","input":"hi"})");
  EXPECT_EQ(member(first, "store"), "true");
  EXPECT_EQ(client.get(std::string(kPath) + "/" + id_of(first)).body, first);
  const std::string second = answered(
      client, R"({"model":"m","input":"more","previous_response_id":")" + id_of(first) + "\"}");
  EXPECT_EQ(
      messages.messages_json,
      R"([{"role":"user","content":"hi"},{"role":"assistant","content":"hello"},{"role":"user","content":"more"}])");
  EXPECT_EQ(member(second, "previous_response_id"), "\"" + id_of(first) + "\"");
}

TEST_F(ResponsesStore, AnAnswerThatIsNotKeptIsGiven) {
  HttpClient client(gateway.port);
  const std::string unwanted = answered(client, R"({"model":"m","input":"hi","store":false})");
  EXPECT_EQ(member(unwanted, "store"), "false");
  EXPECT_EQ(client.get(std::string(kPath) + "/" + id_of(unwanted)).status, 404);
  store.refuses = true;
  const std::string refused = answered(client, R"({"model":"m","input":"hi"})");
  EXPECT_EQ(member(refused, "status") + member(refused, "store"), "\"completed\"false");
  gateway.services.answers = nullptr;
  EXPECT_EQ(member(answered(client, R"({"model":"m","input":"hi"})"), "store"), "false");
}

TEST_F(ResponsesStore, ADiskThatHangsHoldsNoAnswerBack) {
  store.silent = true;
  HttpClient client(gateway.port);
  EXPECT_EQ(member(answered(client, R"({"model":"m","input":"hi"})"), "store"), "false");
}

TEST_F(ResponsesStore, WhatIsNotThereIsNamed) {
  HttpClient client(gateway.port);
  client.post(kPath, R"({"model":"m","input":"hi","previous_response_id":"resp_none"})");
  HttpReply reply = client.reply();
  EXPECT_EQ(reply.status, 404);
  EXPECT_THAT(reply.body, HasSubstr(R"("param":"previous_response_id")"));
  gateway.services.answers = nullptr;
  client.post(kPath, R"({"model":"m","input":"hi","previous_response_id":"resp_none"})");
  reply = client.reply();
  EXPECT_EQ(reply.status, 400);
  EXPECT_THAT(reply.body, HasSubstr("send the whole input"));
}

TEST_F(ResponsesStore, ItsItemsComeInPages) {
  HttpClient client(gateway.port);
  const std::string id = id_of(answered(
      client,
      R"({"model":"m","input":[{"role":"user","content":"a"},{"id":"b","role":"user","content":"b"},{"role":"user","content":"c"}]})"));
  const std::string path = std::string(kPath) + "/" + id + "/input_items";
  const json::Document all(client.get(path + "?order=asc").body);
  EXPECT_EQ(all.root().at("data").as_array().size(), 3u);
  EXPECT_EQ(all.root().at("first_id").as_string(), "in_" + id + "_0");
  const json::Document page(client.get(path + "?limit=1&after=b").body);
  EXPECT_EQ(page.root().at("data").as_array()[0].at("content").as_string(), "a")
      << "the newest come first";
  EXPECT_FALSE(page.root().at("has_more").as_bool());
  EXPECT_EQ(client.get(path + "?limit=0").status, 400);
  EXPECT_EQ(client.get(path + "?after=none").status, 400);
}

TEST_F(ResponsesStore, OneThatRunsIsCancelled) {
  HttpClient client(gateway.port), other(gateway.port);
  client.post(kPath, R"({"model":"m","input":"hi"})");
  const std::string id = gateway.engine.next_request().request;
  gateway.engine.accept(id);
  other.post(std::string(kPath) + "/resp_" + id + "/cancel", "");
  EXPECT_THAT(other.reply().body, HasSubstr(R"("status":"cancelled")"));
  EXPECT_TRUE(gateway.engine.wait_for_cancel(id));
  const HttpReply reply = client.reply();
  EXPECT_EQ(reply.status, 409);
  EXPECT_THAT(reply.body, HasSubstr("cancelled"));
  other.post("/v1/requests/" + id + "/cancel", "");
  EXPECT_EQ(other.reply().status, 404) << "it runs no more";
}

}  // namespace
}  // namespace sanctum::gateway
