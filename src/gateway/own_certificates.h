// Which certificates in a directory are of our making, and what makes another of each.
#pragma once

#include <string>
#include <utility>

#include "gateway/x509.h"

namespace sanctum::gateway {

struct OwnCertificate {
  const char* file;     // "server" of server.pem and server.key
  const char* name;     // its common name
  const char* command;  // what makes another
};
inline constexpr OwnCertificate kOwnAuthority{"ca", "Sanctum local CA",
                                              "sanctum certs init --force"};
inline constexpr OwnCertificate kOwnServer{"server", "localhost", "sanctum certs server"};
inline constexpr OwnCertificate kOwnClient{"client", "sanctum-client", "sanctum certs client"};

// It and its authority, with their keys, when all is of our making; null ones otherwise. Throws
// Error where a file cannot be read.
std::pair<Pair, Pair> own_pair(const std::string& directory, const OwnCertificate& own);

// Of ours: whether another ends later than the one that is there. False for null ones.
bool another_ends_later(const Pair& pair, const Pair& authority);

// Whether a start makes another where it ends soon: the server's and the client's, when the key of
// the authority can be read and the directory be written.
bool start_renews(const std::string& directory, const OwnCertificate& own);

// "`sanctum certs server` makes another"; what else to do where that would not help.
std::string renewal_advice(const std::string& directory, const OwnCertificate& own,
                           X509* certificate);
// The same of a device's.
std::string device_renewal_advice(const std::string& directory, const std::string& device,
                                  X509* certificate);
// Whether any certificate in ca.pem has signed it: no client with another is let in. True where
// there is none to ask.
bool of_our_authority(const std::string& directory, X509* certificate);

}  // namespace sanctum::gateway
