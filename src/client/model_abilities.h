// What a server says of one model beyond OpenAI's API, in its entry of /v1/models.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sanctum::client {

struct ModelAbilities {
  // Whether it is shown pictures, and knows of tools; nothing where that is not told, as by most
  // servers.
  std::optional<bool> vision = {}, tools = {};
  std::string no_chat = {};  // why it answers prompts alone; empty where it chats, or tells nothing
  // Its maker chose how it is sampled: the server does so where a request leaves it out.
  bool sampling = false;
};

// What to type for a model that answers no chats: `curl` of `url`'s /v1/completions.
std::string prompt_command(const std::string& url, const std::string& model);
// What a person who wanted a chat is told.
std::string prompts_alone(const std::string& url, const std::string& model,
                          const std::string& no_chat);

// Of a /v1/models body. Lenient: what makes no sense is not told.
ModelAbilities abilities_of(std::string_view models_body, const std::string& model);

}  // namespace sanctum::client
