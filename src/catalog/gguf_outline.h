// A stand-in for the directory that an import would make of a GGUF file: configuration, tokenizer
// and weights that are holes, for whoever asks what a model is and reads no numbers.
//
// Contract: in a directory of the system's for temporary files, gone with this object.
#pragma once

#include <string>

namespace sanctum::catalog {

class GgufOutline {
 public:
  // Throws Error naming the file, where it cannot be imported.
  explicit GgufOutline(const std::string& file);
  ~GgufOutline();
  GgufOutline(const GgufOutline&) = delete;
  GgufOutline& operator=(const GgufOutline&) = delete;

  const std::string& file() const { return file_; }
  const std::string& path() const { return path_; }
  // What of the file is not in it; empty for nothing.
  const std::string& left_out() const { return left_out_; }
  // `text` of who looked at path(), for who knows the file.
  std::string as_told_of_file(std::string text) const;

 private:
  std::string file_, path_, left_out_;
};

}  // namespace sanctum::catalog
