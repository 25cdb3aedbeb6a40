#include "client/chat_session.h"

#include <gtest/gtest.h>

#include <csignal>
#include <sstream>

#include "base/error.h"
#include "client/small_server.h"

namespace sanctum::client {
namespace {

using Kind = Command::Kind;

// Answers every question with `content` as a stream, and keeps the last body.
SmallServer::Handler says(const std::string& content, std::string& last_body) {
  return [content, &last_body](const SmallServer::Request& request, SmallServer::Peer& peer) {
    if (request.head.rfind("GET /v1/models ", 0) == 0) {
      peer.write(response(200, "application/json", R"({"data":[{"id":"m"}]})"));
      return;
    }
    last_body = request.body;
    peer.write(response(200, "text/event-stream",
                        "data: {\"choices\":[{\"delta\":{\"content\":\"" + content +
                            "\"},\"finish_reason\":\"length\"}]}\n\ndata: [DONE]\n\n"));
  };
}

TEST(ChatSession, CommandsOfOtherChatsMeanTheSame) {
  for (const char* word : {"/quit", "/exit", "/bye"}) EXPECT_EQ(command_of(word).kind, Kind::kQuit);
  for (const char* word : {"/help", "/?"}) EXPECT_EQ(command_of(word).kind, Kind::kHelp);
  for (const char* word : {"/reset", "/clear"}) EXPECT_EQ(command_of(word).kind, Kind::kReset);
  EXPECT_EQ(command_of("/set temperature 0.2").argument, "temperature 0.2");
  EXPECT_EQ(command_of("/system You are brief.").kind, Kind::kSystem);
  EXPECT_EQ(command_of("/model x").kind, Kind::kModel);
  EXPECT_EQ(command_of("/save ~/a.json").argument, "~/a.json");
  EXPECT_EQ(command_of("/load a").kind, Kind::kLoad);
}

TEST(ChatSession, Commands) {
  EXPECT_EQ(command_of("  hello ").kind, Kind::kSay);
  EXPECT_EQ(command_of("  hello ").argument, "hello");
  EXPECT_EQ(command_of("/help").kind, Kind::kHelp);
  EXPECT_EQ(command_of("/image  my file.png ").kind, Kind::kImage);
  EXPECT_EQ(command_of("/image  my file.png ").argument, "my file.png");
  EXPECT_EQ(command_of("/reset").kind, Kind::kReset);
  EXPECT_EQ(command_of("/quit").kind, Kind::kQuit);
  EXPECT_EQ(command_of("/nonsense").kind, Kind::kUnknown);
  EXPECT_EQ(command_of("/etc/hosts is what?").kind, Kind::kSay);
  EXPECT_EQ(command_of("").argument, "");
}

TEST(ChatSession, RemembersTurnsAndPrintsSafely) {
  std::string body;
  SmallServer server(says("hi\\u001b[2J", body));
  ChatClient client({.url = server.url()});
  std::ostringstream out;
  std::ostringstream notes;
  Interrupt interrupt;
  ChatSession session(client, {.verbose = true}, out, notes);
  EXPECT_EQ(session.model(), "m");
  EXPECT_TRUE(session.ask("one", interrupt));
  EXPECT_EQ(out.str(), "hi[2J\n");
  EXPECT_NE(notes.str().find("cut off"), std::string::npos);
  EXPECT_NE(notes.str().find("ms in all"), std::string::npos);
  EXPECT_TRUE(session.ask("two", interrupt));
  EXPECT_NE(body.find(R"({"role":"assistant","content":"hi\u001b[2J"})"), std::string::npos)
      << body;
}

TEST(ChatSession, AFailedTurnIsForgotten) {
  std::string body;
  bool broken = true;
  auto good = says("ok", body);
  SmallServer server([&](const SmallServer::Request& request, SmallServer::Peer& peer) {
    if (broken && request.head.rfind("POST", 0) == 0) {
      peer.write(response(400, "application/json",
                          R"({"error":{"message":"too long","param":"messages"}})"));
    } else {
      good(request, peer);
    }
  });
  ChatClient client({.url = server.url()});
  std::ostringstream out;
  std::ostringstream notes;
  Interrupt interrupt;
  ChatSession session(client, {}, out, notes);
  EXPECT_FALSE(session.ask("lost", interrupt));
  EXPECT_NE(notes.str().find("too long (field messages)"), std::string::npos) << notes.str();
  broken = false;
  EXPECT_TRUE(session.ask("kept", interrupt));
  EXPECT_EQ(body.find("lost"), std::string::npos);
}

TEST(ChatSession, CtrlCStopsTheAnswerOnly) {
  std::string body;
  auto good = says("ok", body);
  bool first = true;
  SmallServer server([&](const SmallServer::Request& request, SmallServer::Peer& peer) {
    if (request.head.rfind("POST", 0) == 0 && std::exchange(first, false)) {
      peer.write(
          "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
          "data: {\"choices\":[{\"delta\":{\"content\":\"begun\"}}]}\n\n");
      std::raise(SIGINT);
      peer.closed_by_client();
    } else {
      good(request, peer);
    }
  });
  ChatClient client({.url = server.url()});
  std::ostringstream out;
  std::ostringstream notes;
  Interrupt interrupt;
  ChatSession session(client, {}, out, notes);
  EXPECT_FALSE(session.ask("long", interrupt));
  EXPECT_NE(notes.str().find("(stopped)"), std::string::npos) << notes.str();
  EXPECT_TRUE(session.ask("next", interrupt));
}

TEST(ChatSession, NoServerIsToldBeforeTheFirstQuestion) {
  std::string url;
  {
    url = SmallServer([](const auto&, auto&) {}).url();
  }
  ChatClient client({.url = url});
  std::ostringstream out;
  EXPECT_THROW(ChatSession(client, {}, out, out), Error);
}

}  // namespace
}  // namespace sanctum::client
