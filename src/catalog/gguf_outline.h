// A stand-in for the directory that an import would make of a GGUF file: configuration, tokenizer
// and weights that are holes, for whoever asks what a model is and reads no numbers.
//
// Contract: in a directory for temporary files (outline_place.h), gone with this object.
#pragma once

#include <memory>
#include <string>

#include "catalog/outline_place.h"

namespace sanctum::catalog {

class GgufOutline {
 public:
  // Throws Error naming the file, where it cannot be imported, and Error(kUnavailable) where there
  // is no room for an outline, which says nothing of the file.
  explicit GgufOutline(const std::string& file);

  const std::string& file() const { return file_; }
  const std::string& path() const { return place_->path(); }
  // What of the file is not in it; empty for nothing.
  const std::string& left_out() const { return left_out_; }
  // `text` of who looked at path(), for who knows the file.
  std::string as_told_of_file(std::string text) const;

 private:
  std::string file_, left_out_;
  std::unique_ptr<OutlinePlace> place_;
};

}  // namespace sanctum::catalog
