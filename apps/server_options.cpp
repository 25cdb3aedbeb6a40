#include "apps/server_options.h"

#include <CLI/CLI.hpp>

namespace sanctum {

void add_server_options(CLI::App& command, client::EndpointOptions& options) {
  command
      .add_option("--url", options.url,
                  "The server, e.g. http://127.0.0.1:1338 or https://127.0.0.1:1337 "
                  "(default: $SANCTUM_URL, else http://127.0.0.1:1338)")
      ->type_name("URL");
  command.add_option("--cert", options.certificate, "Client certificate for https (PEM)")
      ->type_name("FILE");
  command.add_option("--key", options.key, "Key of the client certificate (PEM)")
      ->type_name("FILE");
  // $SANCTUM_API_KEY is read where the endpoint is resolved.
  command
      .add_option("--api-key", options.api_key,
                  "API key (default: $SANCTUM_API_KEY, which other users cannot see in the list of "
                  "processes; of a server of one's own, the key that it made)")
      ->type_name("KEY");
  command.add_option("--cacert", options.authority, "Authority that signed the server (PEM)")
      ->type_name("FILE");
  command
      .add_option("--state-dir", options.state_dir,
                  "Where certs/{ca.pem,client.pem,client.key} are taken from for https, and the "
                  "server's own key for its user's commands from for http "
                  "(default: $XDG_STATE_HOME/sanctum or ~/.local/state/sanctum)")
      ->type_name("DIR")
      ->envname("SANCTUM_STATE_DIR");
}

}  // namespace sanctum
