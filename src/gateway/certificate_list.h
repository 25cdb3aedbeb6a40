// All certificates in a directory, for people: the authority's, the server's, the client's and the
// devices'.
#pragma once

#include <string>
#include <vector>

#include "gateway/certificate_info.h"
#include "gateway/own_certificates.h"

namespace sanctum::gateway {

// Of ca.pem, server.pem or client.pem; of several authorities in ca.pem, the one that ends last:
// each of them lets clients in. Throws Error(kCorrupt) for what is no certificate.
CertificateInfo describe_own(const std::string& directory, const OwnCertificate& own);
// A file that is no certificate is listed with its problem. Throws Error(kNotFound) when there are
// none.
std::vector<CertificateInfo> describe_certificates(const std::string& directory);

}  // namespace sanctum::gateway
