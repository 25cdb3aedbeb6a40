// A private certificate authority for mutual TLS on one machine.
//
// ca.pem/ca.key, server.pem/server.key (localhost, 127.0.0.1, ::1 and the names asked for) and
// client.pem/client.key, EC P-256, each file mode 0600 in a directory of mode 0700. They are
// written in such an order that what a crash leaves is told from a whole set: a certificate comes
// after its key, the server's last, and ready_certificates() makes what is missing.
#pragma once

#include <string>
#include <vector>

#include "gateway/certificate_info.h"
#include "gateway/server_names.h"

namespace sanctum::gateway {

// True when everything that serving needs is there.
bool have_certificates(const std::string& directory);
// Makes all files. `names`: literal addresses and host names that the server's certificate has
// besides, for good; Error(kInvalid, "name") for one that is none, or beyond kServerNamesMax.
// Throws Error(kInvalid) when any file is there already and `force` is not set.
void make_certificates(const std::string& directory, bool force,
                       const std::vector<std::string>& names = {});
// The server's certificate made anew, for its key: with the names that it had, but for those that
// nobody gave and that hold no more, and with these, for good. Throws Error(kNotFound) unless it
// and its authority are of our making and the authority's key is there, Error(kInvalid, "name")
// beyond kServerNamesMax.
void renew_server(const std::string& directory, const std::vector<std::string>& names = {},
                  const NameHolds& holds = every_name_holds);
// The client's, for its key, likewise.
void renew_client(const std::string& directory);

struct CertificatesReady {
  bool made = false;                 // all, or what was missing of them
  std::vector<std::string> added;    // names that the server's certificate has now
  std::vector<std::string> dropped;  // names of this machine that it had, and that hold no more
  // Names that it lacks, and that were not added: it is not of our making, has no room, or could
  // not be written. A client that checks names refuses it there.
  std::vector<std::string> lacking;
  std::vector<CertificateInfo> renewed;   // they would have ended soon
  std::vector<CertificateInfo> expiring;  // they end soon, and were not renewed
  // Why something was not written, or could not be read: what is there serves all the same.
  std::vector<std::string> troubles;
};
// What serving at these addresses and names needs; those that mean every address of the machine
// need no name. Throws Error, saying what to run, only where serving is impossible: a part is
// missing, or cannot be read, and cannot be made anew.
CertificatesReady ready_certificates(const std::string& directory,
                                     const std::vector<std::string>& addresses,
                                     const NameHolds& holds = every_name_holds);

}  // namespace sanctum::gateway
