// Prompts to the built-in model, which has pictures and 8-bit weights. For tests.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/test_directory.h"
#include "engine/text_model.h"
#include "models/registry.h"

namespace sanctum::engine {

inline constexpr std::array<const char*, 5> kTexts = {"What is 47 + 38?", "Count from 3 to 40",
                                                      "Repeat qwertz-12", "Hello", "Who are you?"};

inline models::Description built_in_model() {
  return models::describe(source_directory() + "/models/smoke");
}

// The first `texts` questions, each also behind `padding` letters; two pictures; and one that ends
// where a block of the cache does.
inline std::vector<models::Prompt> built_in_prompts(std::size_t texts, std::size_t padding) {
  const TextModel text_model(built_in_model());
  std::vector<models::Prompt> prompts;
  const auto add = [&](const std::string& messages, std::vector<std::string> images) {
    wire::GenerateRequest request;
    request.messages_json = messages;
    request.images = std::move(images);
    request.image_paths.assign(request.images.size(), "messages[0].content[0]");
    request.sampling.seed = 1;
    prompts.push_back(text_model.prepare(request)->prompt);
  };
  const std::string system(padding, 'x');
  for (std::size_t i = 0; i < texts; ++i) {
    const std::string text = kTexts[i];
    add(R"([{"role":"user","content":")" + text + R"("}])", {});
    add(R"([{"role":"system","content":")" + system + R"("},{"role":"user","content":")" + text +
            R"("}])",
        {});
  }
  for (const char* file : {"rgb.png", "gray.png"}) {
    for (const char* text : {"What color is this?", "Describe the picture."}) {
      add(R"([{"role":"user","content":[{"type":"image"},{"type":"text","text":")" +
              std::string(text) + system + R"("}]}])",
          {read_file(source_directory() + "/src/image/testdata/pictures/" + file)});
    }
  }
  models::Prompt whole = prompts[1];
  whole.tokens.resize(128);
  whole.positions.resize(128);
  whole.next_position = 128;
  prompts.push_back(std::move(whole));
  return prompts;
}

}  // namespace sanctum::engine
