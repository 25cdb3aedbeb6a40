#include "serve/greeting.h"

#include <algorithm>
#include <sstream>

#include "client/endpoint.h"
#include "client/model_abilities.h"
#include "client/printable.h"

namespace sanctum::serve {
namespace {

constexpr std::size_t kShownCharactersMax = 500;

std::string joined(const std::vector<std::string>& names) {
  std::string all;
  for (const auto& name : names) all += (all.empty() ? "" : ", ") + name;
  return all;
}

}  // namespace

std::string greeting(const Greeting& about) {
  std::string plain, secure;
  std::istringstream urls(about.urls);
  for (std::string url; urls >> url;) (url.rfind("https://", 0) == 0 ? secure : plain) = url;
  const std::string where = plain.empty()                                 ? " --url " + secure
                            : plain == client::kDefaultUrl && about.alone ? ""
                                                                          : " --url " + plain;
  std::string text = "Sanctum " + about.version + " serves " + joined(about.models) + "\n";
  if (!about.failed.empty())
    text += "  failed " + joined(about.failed) + " (`sanctum status` says why)\n";
  if (!plain.empty()) {
    text += "  page   " + plain + "/\n";
    text += "  API    " + plain + "/v1\n";
  }
  if (!secure.empty())
    text += "  mTLS   " + secure + "  (certificates in " + about.certificates + ")\n";
  for (const auto& what : about.left_out)
    text += "  of     " + client::printable_line(what, kShownCharactersMax) + "\n";
  if (!about.prompts_alone.empty())
    text += "  chat   not " + joined(about.prompts_alone) + " (`sanctum models info` says why)\n";
  if (about.models.empty()) return text + "  stop   Ctrl-C, or `sanctum stop`\n";
  const bool chats = std::find(about.prompts_alone.begin(), about.prompts_alone.end(),
                               about.models.front()) == about.prompts_alone.end();
  text += "  try    " +
          (chats           ? "sanctum chat" + where + " \"What is 17 + 25?\""
           : plain.empty() ? "sanctum models info" + where
                           : client::prompt_command(plain, about.models.front())) +
          "\n";
  text += "  stop   Ctrl-C, or `sanctum stop`\n";
  return text;
}

std::string waits_for(int requests, int drain_s) {
  return "stopping: " + std::to_string(requests) +
         (requests == 1 ? " request still runs, and gets" : " requests still run, and get") +
         " up to " + std::to_string(drain_s) + " s; Ctrl-C again ends at once";
}

}  // namespace sanctum::serve
