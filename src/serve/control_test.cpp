// The line between a server and the user who runs it: our listener and our client, over a socket.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/error.h"
#include "base/test_directory.h"
#include "client/control_client.h"
#include "gateway/api_error.h"
#include "gateway/event_loop.h"
#include "gateway/router.h"
#include "serve/control_listener.h"

namespace sanctum::serve {
namespace {

using testing::HasSubstr;

class Control : public testing::Test {
 protected:
  Control() {
    router_.add("POST", "/echo", [](const std::shared_ptr<gateway::Exchange>& exchange) {
      gateway::HttpResponse response;
      response.body = exchange->take_body();
      exchange->respond(std::move(response));
    });
    router_.add("POST", "/nothing", [](const std::shared_ptr<gateway::Exchange>& exchange) {
      gateway::HttpResponse response;
      response.status = 204;
      exchange->respond(std::move(response));
    });
    for (const int status : {400, 404, 409, 500})
      router_.add("POST", "/" + std::to_string(status),
                  [status](const std::shared_ptr<gateway::Exchange>& exchange) {
                    exchange->respond(gateway::error_response(status, "because"));
                  });
    listener_.emplace(loop_, client::control_socket(directory_.path("")),
                      [this](const auto& e) { router_.handle(e); });
  }
  ~Control() override { listener_->end(); }

  std::pair<ErrorCode, std::string> refusal(const std::string& path) {
    try {
      client::ControlClient(directory_.path("")).ask("POST", path);
    } catch (const Error& error) {
      return {error.code(), error.what()};
    }
    return {ErrorCode::kInternal, "it was not refused"};
  }

  const TestDirectory directory_;
  gateway::Router router_;
  gateway::EventLoop loop_{1};
  std::optional<ControlListener> listener_;
};

TEST_F(Control, AnAnswerIsADocument) {
  client::ControlClient control(directory_.path(""));
  EXPECT_EQ(control.ask("POST", "/echo", R"({"a":7})").root().at("a").as_int(), 7);
  EXPECT_FALSE(control.ask("POST", "/nothing").root().get("a"));
}

TEST_F(Control, ARefusalIsAnErrorWithTheServersWords) {
  EXPECT_EQ(refusal("/400"), std::make_pair(ErrorCode::kInvalid, std::string("because")));
  for (const char* path : {"/404", "/409", "/500"})
    EXPECT_EQ(refusal(path), std::make_pair(ErrorCode::kBusy, std::string("because"))) << path;
}

TEST_F(Control, WhereNobodyAnswersItSaysWhatToRun) {
  listener_->end();
  const auto [code, message] = refusal("/nothing");
  EXPECT_EQ(code, ErrorCode::kUnavailable);
  EXPECT_THAT(message, HasSubstr("is `sanctum serve` running with this --state-dir?"));
}

TEST_F(Control, ASocketThatWasRemovedIsMadeAgain) {
  const std::string socket = client::control_socket(directory_.path(""));
  std::filesystem::remove(socket);
  EXPECT_EQ(refusal("/nothing").first, ErrorCode::kUnavailable);
  listener_->look();
  EXPECT_FALSE(client::ControlClient(directory_.path("")).ask("POST", "/nothing").root().get("a"));
  listener_->end();
  EXPECT_FALSE(std::filesystem::exists(socket));
}

}  // namespace
}  // namespace sanctum::serve
