// What the folder gguf does, for tests/parity/test_gguf_import.py:
//   sanctum-gguf-probe dequantize TYPE < blocks    -> float32, raw, on standard output
//   sanctum-gguf-probe affine TYPE < blocks        -> words, then scales, then biases, raw
//   sanctum-gguf-probe tokenizer FILE.gguf DIR     -> tokenizer.json and its like into DIR
//   sanctum-gguf-probe import FILE.gguf DIR        -> the whole directory
#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "gguf/affine.h"
#include "gguf/import.h"
#include "gguf/levels.h"
#include "gguf/reader.h"
#include "gguf/tokenizer_files.h"

namespace sanctum::gguf {
namespace {

const TypeInfo& type_named(const std::string& name) {
  for (std::uint32_t number = 0; number < 64; ++number)
    if (const TypeInfo* found = find_type(number); found != nullptr && found->name == name)
      return *found;
  throw Error(ErrorCode::kInvalid, "no type " + name);
}

template <class T>
void put(const std::vector<T>& values) {
  std::fwrite(values.data(), sizeof(T), values.size(), stdout);
}

void blocks(const std::string& op, const TypeInfo& type) {
  const std::string in{std::istreambuf_iterator<char>(std::cin), {}};
  const std::size_t count = in.size() / type.block_bytes;
  const std::size_t weights = count * type.block_weights;
  const auto* from = reinterpret_cast<const std::byte*>(in.data());
  if (op == "dequantize") {
    std::vector<float> out(weights);
    dequantize(type.type, from, count, out.data());
    return put(out);
  }
  std::vector<std::byte> words(weights * static_cast<std::size_t>(affine_bits(type.type)) / 8);
  std::vector<std::uint16_t> scales(weights / kAffineGroup), biases(weights / kAffineGroup);
  to_affine(type.type, from, count, {words.data(), scales.data(), biases.data()});
  put(words);
  put(scales);
  put(biases);
}

void tokenizer(const std::string& file, const std::string& directory) {
  const FileSource source(file);
  const Header header = read_header(source);
  const TokenizerFiles files = tokenizer_files(header.metadata, Family::kLlama);
  write_file_atomically(directory + "/tokenizer.json", files.tokenizer);
  write_file_atomically(directory + "/tokenizer_config.json", files.config);
}

int run(const std::vector<std::string>& words) {
  if (words.size() == 2 && (words[0] == "dequantize" || words[0] == "affine")) {
    blocks(words[0], type_named(words[1]));
  } else if (words.size() == 3 && words[0] == "tokenizer") {
    tokenizer(words[1], words[2]);
  } else if (words.size() == 3 && words[0] == "import") {
    const std::atomic<bool> never{false};
    import_file(words[1], words[2], [](std::uint64_t, std::uint64_t) {}, never);
  } else {
    std::cerr << "see the file's first lines\n";
    return 2;
  }
  return 0;
}

}  // namespace
}  // namespace sanctum::gguf

int main(int argc, char** argv) {
  try {
    return sanctum::gguf::run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
}
