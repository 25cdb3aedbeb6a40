#include "probes/server_state.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "client/small_server.h"

namespace sanctum::probes {
namespace {

TEST(ServerState, HasTheModelsThatAreReady) {
  const auto models =
      read_server_state(json::Document(
                            R"({"models":[{"model":"a","state":"ready","path":"/a","vision":true,
                                           "same_under_load":true,"numbers":"x"},
                                          {"model":"b","state":"loading"}]})"))
          .loaded;
  ASSERT_EQ(models.size(), 1u);
  EXPECT_EQ(models[0].name, "a");
  EXPECT_EQ(models[0].directory, "/a");
  EXPECT_TRUE(models[0].vision && models[0].same_under_load);
  EXPECT_EQ(models[0].numbers, "x");
}

TEST(ServerState, TellsThatAModelIsLoading) {
  const auto loading = [](const std::string& stage) {
    return read_server_state(
               json::Document(R"({"models":[{"model":"a","state":"ready"},{"model":"b","state":")" +
                              stage + R"("}]})"))
        .loading;
  };
  EXPECT_TRUE(loading("loading"));
  EXPECT_FALSE(loading("failed"));
  EXPECT_FALSE(loading("ready"));
}

TEST(ServerState, HasTheProcessesThatAnswer) {
  const auto with = read_server_state(
      json::Document(R"({"pid":7,"engine":{"state":"ready","pid":8},"models":[]})"));
  EXPECT_EQ(with.pid, 7);
  EXPECT_EQ(with.engine_pid, 8);
  const auto without =
      read_server_state(json::Document(R"({"pid":7,"engine":{"state":"dead"},"models":[]})"));
  EXPECT_EQ(without.engine_pid, 0);
}

TEST(ServerState, WhatIsNoneIsRefused) {
  EXPECT_THROW(read_server_state(json::Document("[]")), Error);
  EXPECT_THROW(read_server_state(json::Document(R"({"models":[{}]})")), Error);
}

TEST(ServerState, IsAskedOfWhoeverListens) {
  std::string body = R"({"pid":7,"models":[]})";
  int status = 200;
  client::SmallServer server([&](const auto&, client::SmallServer::Peer& peer) {
    peer.write(client::response(status, "application/json", body));
  });
  client::Endpoint endpoint;
  endpoint.url = server.url();
  client::Connection connection(endpoint);
  const auto code = [&] {
    try {
      ask_server_state(connection, std::chrono::milliseconds(20'000));
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::kInternal;
  };
  EXPECT_EQ(ask_server_state(connection, std::chrono::milliseconds(20'000)).pid, 7);
  body = "<html>";
  EXPECT_EQ(code(), ErrorCode::kCorrupt);
  status = 503;
  EXPECT_EQ(code(), ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace sanctum::probes
