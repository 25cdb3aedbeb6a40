#include "client/status_table.h"

#include <gtest/gtest.h>

namespace sanctum::client {
namespace {

TEST(StatusTable, ASanctumServer) {
  ServerStatus status;
  status.url = "http://h:1";
  status.readiness = Readiness::kReady;
  status.models = {"smoke"};
  status.status_json = R"({"version":"0.1.0","uptime_s":12,
    "requests":{"running":1,"waiting":2,"running_max":16,"waiting_max":64},
    "engine":{"state":"up","pid":7,"restarts":0,"stats":{"device":"cpu","threads":2,
      "footprint_bytes":1712400000,"kv_bytes":2000000,"prefix_bytes":0}},
    "speed":{"window_s":10,"tokens_per_s":12.3,"last_prompt_per_s":200.5,"last_decode_per_s":31},
    "models":[{"model":"smoke","state":"ready","weight_bytes":1000000000,"architecture":"qwen3_vl","vision":true,
               "context_tokens":4096,"quantization":"8-bit group 64",
               "kernels":"mlx","same_under_load":false}],
    "listen":{"http":"http://h:1","mtls":""}})";
  EXPECT_EQ(
      status_table(status),
      "server     http://h:1\n"
      "state      ready\n"
      "version    0.1.0, up 12 s\n"
      "engine     up, pid 7, 0 restarts, on cpu with 2 threads\n"
      "requests   1 running of 16, 2 waiting of 64\n"
      "speed      12.3 tokens/s over the last 10 s; the last answer 31 tokens/s, prompt 200.5 "
      "tokens/s\n"
      "memory     1.71 GB by the engine; weights 1.00 GB, keys and values 2.00 MB\n"
      "model      smoke: ready, qwen3_vl, 8-bit group 64, kernels mlx (answers may change under "
      "load), context 4096 tokens, vision\n"
      "incidents  none is open\n"
      "http       http://h:1\n");
}

TEST(StatusTable, WhatWasProvedWhatIsWrongAndWhatIsSwitchedOff) {
  ServerStatus status;
  status.url = "http://h:1";
  status.readiness = Readiness::kUp;
  status.status_json = R"({
    "engine":{"state":"ready","stats":{"switches":{"vision":false,"compile":true,"batching":false}}},
    "proofs":[{"model":"m","modality":"text","proven":true,"age_s":14,"by":"the probe 'works'"},
              {"model":"m","modality":"vision","proven":false,"failed_since":"it said nothing"}],
    "incidents":[{"key":"journal","level":"error","what":"the disk is full","since_unix_s":1}]})";
  EXPECT_EQ(status_table(status),
            "server        http://h:1\n"
            "state         up, not ready\n"
            "engine        ready\n"
            "switched off  batching, vision\n"
            "proof         m, text: proved 14 s ago by the probe 'works'\n"
            "proof         m, vision: not proved yet; failed since: it said nothing\n"
            "incident      error: the disk is full (journal)\n");
}

TEST(StatusTable, AModelThatIsNotProvenIsNotCalledReady) {
  ServerStatus status;
  status.url = "http://h:1";
  status.readiness = Readiness::kUp;
  status.status_json =
      R"({"models":[{"model":"org/a.b","state":"ready"},{"model":"c","state":"ready"}],
    "unproven":{"org/a.b":"its weights may be damaged"}})";
  EXPECT_EQ(status_table(status),
            "server  http://h:1\n"
            "state   up, not ready\n"
            "model   org/a.b: unproven\n"
            "model   c: ready\n");
}

// Before it has loaded, nothing is known of how it answers.
TEST(StatusTable, AModelThatLoadsIsSaidNothingFalseOf) {
  ServerStatus status;
  status.url = "http://h:1";
  status.readiness = Readiness::kUp;
  status.status_json = R"({"models":[{"model":"smoke","state":"loading","architecture":"",
      "quantization":"","kernels":"","same_under_load":false,"context_tokens":4096,
      "loaded_bytes":430000000,"load_bytes":1000000000}]})";
  const std::string table = status_table(status);
  EXPECT_NE(table.find("smoke: loading, 43 % of 1.00 GB, context 4096 tokens\n"), std::string::npos)
      << table;
}

TEST(StatusTable, AnotherServerTellsLess) {
  ServerStatus status;
  status.url = "http://h:1";
  status.readiness = Readiness::kUp;
  status.reason = "load\x1B[31ming\n";
  status.models = {"a", "b"};
  status.is_sanctum = false;
  EXPECT_EQ(status_table(status),
            "server  http://h:1\n"
            "state   up, not ready\n"
            "reason  load[31ming \n"
            "kind    not Sanctum: it answers OpenAI's API and has no /status, so this is all that "
            "it tells\n"
            "model   a\n"
            "model   b\n");
  EXPECT_EQ(status_json(status),
            R"({"url":"http://h:1","readiness":"up","reason":"load\u001b[31ming\n",)"
            R"("models":["a","b"],"status":null})");
}

}  // namespace
}  // namespace sanctum::client
