#include "engine/service.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iomanip>
#include <mutex>
#include <thread>

#include "base/test_directory.h"
#include "engine/test_model.h"
#include "engine/test_peer.h"

namespace sanctum::engine {
namespace {

std::string generate_line(int id, const std::string& name) {
  wire::GenerateRequest request;
  request.request = name;
  request.model = "m";
  request.prompt = "1, 2,";
  request.sampling.max_tokens = 1;
  return wire::request_line(std::to_string(id), "generate", wire::encode(request));
}

// At its limit, the engine takes the next request as soon as the peer can know that one has ended.
TEST(Service, ARequestThatIsCompletedLeavesRoomForTheNext) {
  FastPeer peer;
  ServiceOptions options;
  options.device.limits.sequences_max = 1;
  options.queue_max = 0;
  Service service(options, peer);
  peer.on_line = [&](const std::string& line) {
    if (has(line, "\"completed\"") && has(line, "\"first\""))
      service.handle(generate_line(3, "second"));
  };
  service.handle(load_line(1, source_directory() + "/models/smoke"));
  ASSERT_TRUE(has(peer.wait_for("\"id\":1"), "\"result\"")) << peer.wait_for("\"id\":1");
  service.handle(generate_line(2, "first"));
  const std::string answer = peer.wait_for("\"id\":3");
  EXPECT_TRUE(has(answer, "\"result\"")) << answer;
  service.drain();
}

// A load that is asked for after one has failed is answered with its own end.
TEST(Service, ALoadAfterAFailureIsNotAnsweredWithThatFailure) {
  FastPeer peer;
  Service service({}, peer);
  peer.on_line = [&](const std::string& line) {
    if (has(line, "\"failed\"")) service.handle(load_line(2, source_directory() + "/models/smoke"));
  };
  service.handle(load_line(1, "/nonexistent"));
  EXPECT_TRUE(has(peer.wait_for("\"id\":1"), "\"error\""));
  const std::string second = peer.wait_for("\"id\":2");
  EXPECT_TRUE(has(second, "\"result\"")) << second;
  service.drain();
}

// Its two sides load beside each other: what one of them made is gone when the other fails.
TEST(Service, ALoadWhoseTextSideFailsLeavesNoWeights) {
  const TestDirectory directory;
  namespace fs = std::filesystem;
  fs::copy(source_directory() + "/models/smoke", directory.path("m"), fs::copy_options::recursive);
  const std::string tokenizer = directory.path("m") + "/tokenizer.json";
  fs::remove(tokenizer);
  FastPeer peer;
  Service service({}, peer);
  service.handle(load_line(1, directory.path("m")));
  const std::string answer = peer.wait_for("\"id\":1");
  EXPECT_TRUE(has(answer, "\"error\"") && has(answer, "tokenizer.json")) << answer;
  fs::copy(source_directory() + "/models/smoke/tokenizer.json", tokenizer);
  service.handle(load_line(2, directory.path("m")));
  EXPECT_TRUE(has(peer.wait_for("\"id\":2"), "\"result\"")) << peer.wait_for("\"id\":2");
  service.drain();
}

// Once the engine died of it: whoever ended the load asked for a model that was gone by then.
TEST(Service, AModelThatIsUnloadedAsItBecomesReadyHasBeenLoaded) {
  const TestDirectory directory;
  namespace fs = std::filesystem;
  fs::copy(source_directory() + "/models/smoke", directory.path("m"), fs::copy_options::recursive);
  // So long that the text side ends last, on a thread that the unload does not wait for.
  std::ofstream tokenizer(directory.path("m") + "/tokenizer.json", std::ios::app);
  tokenizer << std::setw(60'000'000) << ' ' << std::flush;
  FastPeer peer;
  Service service({}, peer);
  std::thread::id device;
  peer.on_line = [&](const std::string& line) {
    if (has(line, "\"weights\"")) device = std::this_thread::get_id();
    if (!has(line, "\"ready\"") || !has(line, "load_progress")) return;
    service.handle(wire::request_line("2", "unload_model", R"({"model":"m"})"));
    if (std::this_thread::get_id() != device) peer.wait_for("\"id\":2");
  };
  service.handle(load_line(1, directory.path("m")));
  const std::string answer = peer.wait_for("\"id\":1");
  EXPECT_TRUE(has(answer, "\"result\"") && has(answer, "\"ready\"")) << answer;
  EXPECT_TRUE(has(peer.wait_for("\"id\":2"), "\"result\""));
  service.drain();
}

}  // namespace
}  // namespace sanctum::engine
