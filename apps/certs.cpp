// sanctum certs init|server|client|export|show: the certificates of the mTLS listener and its
// clients, and the key that signs releases.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>

#include "apps/command.h"
#include "apps/commands.h"
#include "base/error.h"
#include "client/serving_file.h"
#include "gateway/certificate_list.h"
#include "gateway/certificates.h"
#include "gateway/device_certificate.h"
#include "gateway/listener.h"
#include "platform/lock_file.h"
#include "platform/network_names.h"
#include "platform/process.h"
#include "release/signing.h"

namespace sanctum {
namespace {

struct CertsOptions {
  std::string state_dir;
  bool force = false;
  std::vector<std::string> names;
  std::string device;
  std::string state() const { return state_dir_or_default(state_dir); }
  std::string directory() const { return state() + "/certs"; }
};

std::string joined(const std::vector<std::string>& words) {
  std::string all;
  for (const auto& word : words) all += (all.empty() ? "" : ", ") + word;
  return all;
}

int show(const CertsOptions& options) {
  const auto now = gateway::now_in_seconds();
  for (const auto& info : gateway::describe_certificates(options.directory())) {
    std::printf("%s\n", info.path.c_str());
    if (!info.subject.empty()) std::printf("  subject %s\n", info.subject.c_str());
    if (!info.names.empty()) std::printf("  names %s\n", joined(info.names).c_str());
    std::printf("  %s\n", gateway::validity(info, now).c_str());
    if (!info.sha256.empty()) std::printf("  sha256 %s\n", info.sha256.c_str());
  }
  return 0;
}

int init(const CertsOptions& options) {
  gateway::make_certificates(options.directory(), options.force, options.names);
  // With which releases are signed. It is never replaced: those that it signed would not verify.
  if (!release::have_signing_key(options.directory()))
    release::make_signing_key(options.directory());
  return show(options);
}

int renew_server(const CertsOptions& options) {
  gateway::renew_server(options.directory(), options.names, platform::is_own_name);
  show(options);
  std::printf("a server that runs uses it from its next start on: `sanctum restart`\n");
  return 0;
}

int renew_client(const CertsOptions& options) {
  gateway::renew_client(options.directory());
  show(options);
  std::printf("it is used at once; copies that are elsewhere have to be replaced\n");
  return 0;
}

bool is_far(const std::string& name) {
  return name != "localhost" && name != "::1" && name.rfind("127.", 0) != 0;
}

// What the server is called by those who are not on its machine; without its certificate, nothing.
std::vector<std::string> far_names(const std::string& directory) {
  try {
    auto names = gateway::describe_own(directory, gateway::kOwnServer).names;
    std::erase_if(names, [](const std::string& name) { return !is_far(name); });
    return names;
  } catch (const Error&) {
    return {};
  }
}

// Where a server that runs takes certificates, as "0.0.0.0:1337".
std::optional<gateway::Address> listens_at(const std::string& state) {
  const auto serving = client::read_serving(state);
  if (!serving || serving->mtls.empty() || !platform::is_running(serving->pid)) return std::nullopt;
  return gateway::parse_address(serving->mtls, "serving.json");
}

// How others reach it, in lines.
std::string where_to_go(std::vector<std::string> names,
                        const std::optional<gateway::Address>& listener) {
  if (listener && gateway::is_loopback(*listener))
    return "The server listens on " + to_string(*listener) +
           ", and nobody else can reach it: --mtls-listen 0.0.0.0:" +
           std::to_string(listener->port) + "\n";
  // Who listens at one address is reached there alone.
  const bool everywhere = !listener || listener->host == "0.0.0.0" || listener->host == "::";
  if (!everywhere && names.empty()) names = {listener->host};
  if (names.empty())
    return "The server has no name that others can reach: `sanctum certs server --name HOST`,\n"
           "and serve with --mtls-listen 0.0.0.0:1337\n";
  std::string told;
  if (listener) {
    const std::string host = everywhere ? names.front() : listener->host;
    told = "Then open https://" + to_string(gateway::Address{host, listener->port}) + "\n";
  }
  return told + "The server's names: " + joined(names) + "\n";
}

int export_one(const CertsOptions& options) {
  const std::string directory = options.directory();
  // What fails does so before there is a pass phrase to lose.
  const std::string where = where_to_go(far_names(directory), listens_at(options.state()));
  std::optional<platform::LockFile> alone;  // or two write one pair
  if (std::filesystem::is_directory(directory)) alone.emplace(directory + "/export.lock");
  const auto exported = gateway::export_certificate(directory, options.device);
  std::printf(
      "wrote %s\n\npass phrase, with its hyphens; it is shown this once and kept nowhere:\n"
      "\n  %s\n\n",
      exported.bundle.c_str(), exported.pass_phrase.c_str());
  std::printf(
      "On a phone or in a browser (bring both files there):\n"
      "  1. install %s/ca.pem as a trusted root\n"
      "     (iOS asks once more: Settings, General, About, Certificate Trust Settings)\n"
      "  2. install %s with the pass phrase\n",
      directory.c_str(), exported.bundle.c_str());
  std::printf(
      "On another computer: copy ca.pem and\n  %s\n  %s\n"
      "there, and name them: --cacert, --cert, --key (curl's and ours)\n%s",
      exported.certificate.c_str(), exported.key.c_str(), where.c_str());
  return 0;
}

constexpr const char* kExamples =
    "Examples:\n"
    "  sanctum certs show                           what there is, and for how long\n"
    "  sanctum certs export --name phone            a file for a phone, and its pass phrase\n"
    "  sanctum certs export --name laptop           likewise; the .pem and .key for programs\n"
    "  sanctum certs server --name gpu.example.org  the server's, with one name more\n"
    "\n";

}  // namespace

void add_certs(CLI::App& app, int& exit_code) {
  auto* certs = app.add_subcommand("certs", "Make or show the certificates for mutual TLS");
  certs->require_subcommand(1);
  const auto options = std::make_shared<CertsOptions>();
  const auto add = [&](const char* name, const char* what, int (*action)(const CertsOptions&)) {
    auto* command = certs->add_subcommand(name, what);
    add_state_dir(*command, options->state_dir);
    on_chosen(*command, exit_code, [options, action] { return action(*options); });
    return command;
  };
  const auto add_names = [&](CLI::App* command) {
    command->add_option("--name", options->names,
                        "An address or a host name that clients reach the server by, besides "
                        "localhost, 127.0.0.1, ::1 and where it listens; may be repeated");
  };
  auto* making =
      add("init",
          "Make a certificate authority, a server and a client certificate, and the key that signs "
          "releases",
          init);
  making->add_flag("--force", options->force, "Replace certificates that are there already");
  add_names(making);
  making->footer(
      "Example:\n"
      "  sanctum certs init --name gpu.example.org --name 192.168.7.9\n"
      "\n"
      "`serve` makes what is missing by itself, and adds the addresses that it listens on.\n");
  auto* serving = add("server",
                      "Make the server's certificate anew, under the same authority, with more "
                      "names or the same ones",
                      renew_server);
  add_names(serving);
  serving->footer(
      "Examples:\n"
      "  sanctum certs server                         the same names for another 820 days\n"
      "  sanctum certs server --name gpu.example.org\n"
      "\n"
      "Clients go on as they are. `serve` does the same at its start once less than 30 days are\n"
      "left.\n");
  add("client", "Make the client's certificate anew, under the same authority", renew_client)
      ->footer("Example:\n  sanctum certs client\n");
  auto* exporting = add("export",
                        "Write a certificate with its key for a browser, a phone or another "
                        "computer (.p12), and show its pass phrase once",
                        export_one);
  exporting->add_option("--name", options->device,
                        "A certificate of its own for a device of this name, made at the first "
                        "time; without it, client.pem");
  exporting->footer(
      "Examples:\n"
      "  sanctum certs export --name phone    install ca.pem, then devices/phone.p12, on the "
      "phone\n"
      "  sanctum certs export --name laptop   copy ca.pem, devices/laptop.pem and .key, then "
      "there:\n"
      "    sanctum chat --url https://gpu.example.org:1337 --cacert ca.pem --cert laptop.pem \\\n"
      "      --key laptop.key\n"
      "\n"
      "The log and the journal name who asked by the certificate: CN=phone. Once more for the "
      "same\n"
      "name writes the same certificate with another pass phrase.\n");
  add("show", "Show subject, names, end of validity and fingerprint of each",
      [](const CertsOptions& given) {
        readable_state_dir(given.state_dir);
        return show(given);
      })
      ->footer("Example:\n  sanctum certs show\n");
  certs->footer(kExamples + exit_codes("done"));
}

}  // namespace sanctum
