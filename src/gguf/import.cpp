#include "gguf/import.h"

#include <optional>

#include "base/error.h"
#include "base/file.h"
#include "gguf/convert_tensor.h"
#include "gguf/model_config.h"
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

class Import {
 public:
  explicit Import(const std::string& file) : source_(file), header_(read_header(source_)) {
    refuse_part(header_.metadata);
    architecture_ = &architecture(source_.name(), header_.metadata.string("general.architecture"));
    shape_ = read_shape(header_.metadata, *architecture_);
    files_ = tokenizer_files(header_.metadata, architecture_->family);
    plan_ = plan_tensors(source_, header_, *architecture_, shape_);
    config_ = config_json(source_, header_, *architecture_, shape_, files_.roles, plan_.bits);
  }

  ImportResult write(const std::string& directory, const ImportProgress& progress,
                     const std::atomic<bool>& stop) {
    SafetensorsWriter writer(directory, plan_.out);
    std::uint64_t done = 0, all = 0;
    for (const PlannedTensor& tensor : plan_.tensors) all += tensor.from.bytes;
    for (const PlannedTensor& tensor : plan_.tensors) {
      convert_tensor(source_, tensor, writer, [&](std::uint64_t bytes) {
        if (stop.load()) throw Error(ErrorCode::kCancelled, "stopped; nothing was left behind");
        progress(done += bytes, all);
      });
    }
    writer.finish();
    write_file_atomically(directory + "/config.json", config_ + "\n");
    write_file_atomically(directory + "/generation_config.json",
                          generation_config_json(files_.roles) + "\n");
    write_file_atomically(directory + "/tokenizer.json", files_.tokenizer + "\n");
    write_file_atomically(directory + "/tokenizer_config.json", files_.config + "\n");
    if (files_.chat_template)
      write_file_atomically(directory + "/chat_template.jinja", *files_.chat_template);
    if (stop.load()) throw Error(ErrorCode::kCancelled, "stopped; nothing was left behind");
    return {std::string(architecture_->name), header_.metadata.string_or("general.name", ""),
            writer.bytes(), plan_.tensors.size(), files_.chat_template.has_value()};
  }

 private:
  FileSource source_;
  Header header_;
  const Architecture* architecture_ = nullptr;
  Shape shape_;
  TokenizerFiles files_;
  Plan plan_;
  std::string config_;
};

}  // namespace

ImportResult import_file(const std::string& file, const std::string& target,
                         const ImportProgress& progress, const std::atomic<bool>& stop) {
  // What stands in the way of the end is told first.
  StagingDirectory staging(target);
  Import import(file);
  const ImportResult result = import.write(staging.path(), progress, stop);
  staging.commit();
  return result;
}

}  // namespace sanctum::gguf
