// sanctum certs init|show: the certificates of the mTLS listener and its clients, and the key that
// signs releases.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "apps/command.h"
#include "apps/commands.h"
#include "base/error.h"
#include "gateway/certificates.h"
#include "release/signing.h"

namespace sanctum {
namespace {

struct CertsOptions {
  std::string state_dir;
  bool force = false;
  std::vector<std::string> names;
  std::string directory() const { return state_dir_or_default(state_dir) + "/certs"; }
};

int show(const CertsOptions& options) {
  const auto all = gateway::describe_certificates(options.directory());
  if (all.empty())
    throw Error(ErrorCode::kNotFound, "there are no certificates in " + options.directory() +
                                          "; `sanctum certs init` makes them");
  for (const auto& info : all) {
    std::printf("%s\n  subject %s\n  valid until %s%s\n  sha256 %s\n", info.path.c_str(),
                info.subject.c_str(), info.not_after.c_str(), info.expired ? " (EXPIRED)" : "",
                info.sha256.c_str());
  }
  return 0;
}

}  // namespace

void add_certs(CLI::App& app, int& exit_code) {
  auto* certs = app.add_subcommand("certs", "Make or show the certificates for mutual TLS");
  certs->require_subcommand(1);
  const auto options = std::make_shared<CertsOptions>();
  const auto add = [&](const char* name, const char* what) {
    auto* command = certs->add_subcommand(name, what);
    add_state_dir(*command, options->state_dir);
    return command;
  };
  auto* init =
      add("init",
          "Make a certificate authority, a server and a client certificate, and the key that signs "
          "releases");
  init->add_flag("--force", options->force, "Replace certificates that are there already");
  const auto add_names = [&](CLI::App* command) {
    return command->add_option("--name", options->names,
                               "An address or a host name that clients reach the server by, "
                               "besides localhost, 127.0.0.1 and ::1; may be repeated");
  };
  add_names(init);
  auto* server = add("server",
                     "Make the server's certificate anew, under the same authority, with more "
                     "names; the server uses it from its next start on");
  add_names(server)->required();
  on_chosen(*server, exit_code, [options] {
    gateway::name_server(options->directory(), options->names);
    return show(*options);
  });
  on_chosen(*init, exit_code, [options] {
    gateway::make_certificates(options->directory(), options->force, options->names);
    // With which releases are signed. It is never replaced: those that it signed would not verify.
    if (!release::have_signing_key(options->directory()))
      release::make_signing_key(options->directory());
    return show(*options);
  });
  on_chosen(*add("show", "Show subject, end of validity and fingerprint of each"), exit_code,
            [options] {
              readable_state_dir(options->state_dir);
              return show(*options);
            });
  certs->footer(
      "Examples:\n"
      "  sanctum certs show\n"
      "  sanctum certs server --name gpu.example.org\n"
      "\n" +
      exit_codes("done"));
}

}  // namespace sanctum
