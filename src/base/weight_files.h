// Which safetensors files of a directory are its model's.
//
// Those that model.safetensors.index.json names; without one those whose names begin with "model",
// for the same weights may lie there in another form ("consolidated.safetensors"), or an adapter's;
// and if there are none of these, all.
#pragma once

#include <set>
#include <string>

namespace sanctum {

// Their paths, in the order of their names. Throws Error(kNotFound) if there are none,
// Error(kDenied) for a directory that may not be looked into, and Error(kInvalid) naming the member
// of an index that leads out of the directory.
std::set<std::string> weight_files(const std::string& directory);

}  // namespace sanctum
