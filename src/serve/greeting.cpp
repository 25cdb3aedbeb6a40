#include "serve/greeting.h"

#include <sstream>

#include "client/endpoint.h"

namespace sanctum::serve {
namespace {

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
  text += "  try    sanctum chat" + where + " \"What is 17 + 25?\"\n";
  text += "  stop   Ctrl-C, or `sanctum stop`\n";
  return text;
}

std::string waits_for(int requests, int drain_s) {
  return "stopping: " + std::to_string(requests) +
         (requests == 1 ? " request still runs, and gets" : " requests still run, and get") +
         " up to " + std::to_string(drain_s) + " s; Ctrl-C again ends at once";
}

}  // namespace sanctum::serve
