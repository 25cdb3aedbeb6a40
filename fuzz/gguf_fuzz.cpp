// Any bytes as a GGUF file: a header within the file, or an Error; then names, sizes, tokenizer and
// configuration of it.
#include <cstdint>
#include <cstring>
#include <string>

#include "base/error.h"
#include "base/invariant.h"
#include "gguf/architecture.h"
#include "gguf/fused_qkv.h"
#include "gguf/model_config.h"
#include "gguf/ollama_header.h"
#include "gguf/reader.h"
#include "gguf/tensor_plan.h"
#include "gguf/tokenizer_files.h"

namespace {

using namespace sanctum;

class Bytes final : public gguf::Source {
 public:
  Bytes(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  const std::string& name() const override { return name_; }
  std::uint64_t bytes() const override { return size_; }
  void read(std::uint64_t from, std::byte* to, std::size_t bytes) const override {
    SANCTUM_INVARIANT(from <= size_ && bytes <= size_ - from, "reads stay within the file");
    std::memcpy(to, data_ + from, bytes);
  }

 private:
  const std::string name_ = "fuzz.gguf";
  const std::uint8_t* data_;
  std::uint64_t size_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes source(data, size);
  try {
    gguf::Header header = gguf::read_header(source);
    for (const gguf::Tensor& tensor : header.tensors)
      SANCTUM_INVARIANT(tensor.begin + tensor.bytes <= size, "tensors lie within the file");
    gguf::in_llama_cpps_words(header);
    const auto& architecture =
        gguf::architecture(source.name(), header.metadata.string("general.architecture"));
    const gguf::Shape shape = gguf::read_shape(header.metadata, architecture);
    gguf::split_fused(source, architecture, shape, header);
    const auto files = gguf::tokenizer_files(header.metadata, architecture.family);
    const auto plan = gguf::plan_tensors(source, header, architecture, shape, gguf::Look::kAll);
    gguf::config_json(source, header, architecture, shape, files.roles, plan.bits);
  } catch (const Error&) {
  }
  return 0;
}
