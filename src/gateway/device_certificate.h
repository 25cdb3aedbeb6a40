// Client certificates for other devices: one file for browsers and phones, PEM files for programs.
//
// A device of a name has NAME.key, NAME.pem and NAME.p12 in `devices` beside the authority, mode
// 0600; what it is called is the certificate's common name, and so in the log of what it asks.
// There is no list of revoked ones: an authority that was replaced is how all are shut out.
#pragma once

#include <string>

namespace sanctum::gateway {

inline constexpr std::size_t kDeviceNameBytesMax = 64;  // of a common name

std::string devices_of(const std::string& directory);

struct Exported {
  std::string bundle;       // path of the .p12
  std::string certificate;  // path of the .pem
  std::string key;          // path of the .key
  std::string pass_phrase;  // of the bundle; kept nowhere
  bool made = false;        // the certificate, now
};
// `name` empty: client.p12, of client.pem. Else of that device's certificate, which is made when it
// is not there, is of another authority or expires soon. Each time with another pass phrase.
// Throws Error(kInvalid, "name") for a name that is none, Error(kNotFound) when client.pem or, for
// a certificate to be made, the authority's key is not there.
Exported export_certificate(const std::string& directory, const std::string& name);

}  // namespace sanctum::gateway
