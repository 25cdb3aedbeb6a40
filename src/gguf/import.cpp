#include "gguf/import.h"

#include <filesystem>
#include <optional>

#include "base/error.h"
#include "base/file.h"
#include "base/size_text.h"
#include "gguf/convert_tensor.h"
#include "gguf/fused_qkv.h"
#include "gguf/model_config.h"
#include "gguf/ollama_header.h"
#include "gguf/reader.h"
#include "gguf/staging_directory.h"
#include "gguf/tensor_plan.h"
#include "gguf/tokenizer_files.h"

namespace sanctum::gguf {
namespace {

void refuse_part(const Metadata& metadata) {
  constexpr const char* kCount = "split.count";
  if (metadata.integer_if(kCount, 0, 1 << 16).value_or(1) > 1)
    metadata.fail(kCount,
                  "says that this is one of several files: put them together with llama.cpp's "
                  "`llama-gguf-split --merge FIRST.gguf WHOLE.gguf`, and import that");
}

void refuse_rowless_tokens(const Source& source, const Header& header, std::size_t ids) {
  const Tensor* embedding = header.find("token_embd.weight");
  if (embedding == nullptr || embedding->rows() >= ids) return;
  throw Error(ErrorCode::kCorrupt,
              source.name() + ": tensor token_embd.weight has rows for " +
                  std::to_string(embedding->rows()) + " tokens, but tokenizer.ggml.tokens has " +
                  std::to_string(ids),
              "token_embd.weight");
}

class Import {
 public:
  Import(const std::string& file, Look look) : source_(file), header_(read_header(source_)) {
    refuse_part(header_.metadata);
    left_out_ = in_llama_cpps_words(header_);
    architecture_ = &architecture(source_.name(), header_.metadata.string("general.architecture"));
    shape_ = read_shape(header_.metadata, *architecture_);
    split_fused(source_, *architecture_, shape_, header_);
    files_ = tokenizer_files(header_.metadata, architecture_->family);
    plan_ = plan_tensors(source_, header_, *architecture_, shape_, look);
    config_ = config_json(source_, header_, *architecture_, shape_, files_.roles, plan_.bits);
    refuse_rowless_tokens(source_, header_, files_.ids);
  }

  std::uint64_t room() const {
    std::uint64_t bytes = kRoomBeyondWeights;
    for (const OutTensor& tensor : plan_.out) bytes += tensor.bytes;
    return bytes;
  }

  ImportResult write(const std::string& directory, const ImportProgress& progress,
                     const std::atomic<bool>& stop) {
    SafetensorsWriter writer(directory, plan_.out);
    std::uint64_t done = 0, all = 0;
    for (const PlannedTensor& tensor : plan_.tensors) all += tensor.from.bytes;
    for (const PlannedTensor& tensor : plan_.tensors) {
      convert_tensor(source_, tensor, writer, [&](std::uint64_t bytes) {
        refuse_if(stop);
        progress(done += bytes, all);
      });
    }
    writer.finish();
    write_texts(directory);
    refuse_if(stop);
    source_.expect_unchanged();
    return result(writer);
  }

  ImportResult write_outline(const std::string& directory) {
    SafetensorsWriter writer(directory, plan_.out);
    writer.leave_holes();
    write_texts(directory);
    return result(writer);
  }

 private:
  static void refuse_if(const std::atomic<bool>& stop) {
    if (stop.load()) throw Error(ErrorCode::kCancelled, "stopped; nothing was left behind");
  }

  void write_texts(const std::string& directory) const {
    write_file_atomically(directory + "/config.json", config_ + "\n");
    write_file_atomically(directory + "/generation_config.json",
                          generation_config_json(files_.roles) + "\n");
    write_file_atomically(directory + "/tokenizer.json", files_.tokenizer + "\n");
    write_file_atomically(directory + "/tokenizer_config.json", files_.config + "\n");
    if (files_.chat_template)
      write_file_atomically(directory + "/chat_template.jinja", *files_.chat_template);
  }

  ImportResult result(const SafetensorsWriter& writer) const {
    return {std::string(architecture_->name),
            header_.metadata.string_or("general.name", ""),
            writer.bytes(),
            plan_.tensors.size(),
            left_out_,
            files_.chat_template.has_value()};
  }

  FileSource source_;
  Header header_;
  std::size_t left_out_ = 0;
  const Architecture* architecture_ = nullptr;
  Shape shape_;
  TokenizerFiles files_;
  Plan plan_;
  std::string config_;
};

}  // namespace

ImportResult import_file(const std::string& file, const std::string& target,
                         const ImportProgress& progress, const std::atomic<bool>& stop,
                         const ImportEnd& end) {
  // What stands in the way of the end is told first.
  StagingDirectory staging(target);
  Import import(file, Look::kAll);
  check_room(target, import.room());
  const ImportResult result = import.write(staging.path(), progress, stop);
  if (end) end(staging.path());
  staging.commit();
  return result;
}

std::uint64_t import_room(const std::string& file) {
  return Import(file, Look::kBeginning).room();
}

ImportResult write_outline(const std::string& file, const std::string& directory) {
  return Import(file, Look::kBeginning).write_outline(directory);
}

void check_room(const std::string& target, std::uint64_t bytes, std::uint64_t to_come) {
  std::error_code error;
  std::filesystem::path there = std::filesystem::absolute(target, error);
  while (!std::filesystem::exists(there, error) && there.has_relative_path())
    there = there.parent_path();
  const auto space = std::filesystem::space(there, error);
  if (error || space.available + to_come >= bytes)
    return;  // where it is not told, writing tells it
  throw Error(ErrorCode::kUnavailable,
              "there is too little room for " + target + ": " + size_text(bytes) +
                  " are needed (weights, and " + size_text(kRoomBeyondWeights) +
                  " for tokenizer and configuration), and the disk of " + there.string() + " has " +
                  size_text(space.available) + " free" +
                  (to_come == 0 ? "" : ", and " + size_text(to_come) + " that are removed before") +
                  "; make room, or choose another disk",
              "path");
}

}  // namespace sanctum::gguf
