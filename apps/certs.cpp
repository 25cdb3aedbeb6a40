// sanctum certs init|show: the certificates of the mTLS listener and its clients, and the key that
// signs releases.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "apps/commands.h"
#include "apps/serve_config.h"
#include "base/error.h"
#include "gateway/certificates.h"
#include "release/signing.h"

namespace sanctum {
namespace {

struct CertsOptions {
  std::string state_dir;
  bool force = false;
  std::vector<std::string> names;
  std::string directory() const {
    return (state_dir.empty() ? default_state_dir() : state_dir) + "/certs";
  }
};

void show(const CertsOptions& options) {
  for (const auto& info : gateway::describe_certificates(options.directory())) {
    std::printf("%s\n  subject %s\n  valid until %s%s\n  sha256 %s\n", info.path.c_str(),
                info.subject.c_str(), info.not_after.c_str(), info.expired ? " (EXPIRED)" : "",
                info.sha256.c_str());
  }
}

}  // namespace

void add_certs(CLI::App& app, int& exit_code) {
  auto* certs = app.add_subcommand("certs", "Make or show the certificates for mutual TLS");
  certs->require_subcommand(1);
  const auto options = std::make_shared<CertsOptions>();
  const auto add = [&](const char* name, const char* what) {
    auto* command = certs->add_subcommand(name, what);
    command
        ->add_option("--state-dir", options->state_dir,
                     "The server's (default: $XDG_STATE_HOME/sanctum or ~/.local/state/sanctum)")
        ->type_name("DIR")
        ->envname("SANCTUM_STATE_DIR");
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
  server->callback([options, &exit_code] {
    gateway::name_server(options->directory(), options->names);
    show(*options);
    exit_code = 0;
  });
  init->callback([options, &exit_code] {
    gateway::make_certificates(options->directory(), options->force, options->names);
    // With which releases are signed. It is never replaced: those that it signed would not verify.
    if (!release::have_signing_key(options->directory()))
      release::make_signing_key(options->directory());
    show(*options);
    exit_code = 0;
  });
  add("show", "Show subject, end of validity and fingerprint of each")
      ->callback([options, &exit_code] {
        show(*options);
        exit_code = 0;
      });
}

}  // namespace sanctum
