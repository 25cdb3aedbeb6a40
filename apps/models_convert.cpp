// sanctum models convert, sanctum models quantize: MLX model directories of others.
#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apps/byte_progress.h"
#include "apps/command.h"
#include "apps/model_look.h"
#include "apps/models_commands.h"
#include "apps/not_empty.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/home_path.h"
#include "base/size_text.h"
#include "client/printable.h"
#include "convert/convert_model.h"
#include "convert/family.h"
#include "supervisor/model_directory.h"

namespace sanctum {
namespace {

constexpr int kDefaultBits = 4;  // of `quantize`
constexpr int kGroupSize = 64;
constexpr std::size_t kShownCharactersMax = 2000;

std::string shown(const std::string& text) {
  return client::printable_line(text, kShownCharactersMax);
}
constexpr std::size_t kNameCharactersMax = 200;

struct Options {
  std::string model, to, dtype;
  std::optional<int> bits;        // nothing: not quantized
  std::optional<int> group_size;  // nothing: kGroupSize
  std::vector<std::string> keep, bits_of;
};

std::string directory_of(const std::string& told) {
  const auto found = supervisor::find_model(told, supervisor::search_places());
  if (found.gguf.empty()) return found.path;
  throw Error(ErrorCode::kInvalid,
              told +
                  " is a GGUF file: `sanctum models import` makes a model directory of it, whose "
                  "weights are quantized as the file's are",
              "model");
}

std::pair<std::string, int> pattern_and_bits(const std::string& told) {
  const std::size_t equals = told.rfind('=');
  int bits = 0;
  if (equals != std::string::npos && equals > 0) {
    const char* end = told.data() + told.size();
    const auto read = std::from_chars(told.data() + equals + 1, end, bits);
    if (read.ec == std::errc() && read.ptr == end) return {told.substr(0, equals), bits};
  }
  throw Error(ErrorCode::kInvalid, "--bits-of wants PATTERN=BITS, not '" + told + "'", "bits_of");
}

convert::ConvertOptions read(const Options& told) {
  convert::ConvertOptions options;
  if (told.bits) options.quantize = {*told.bits, told.group_size.value_or(kGroupSize)};
  if (told.dtype == "bfloat16") options.dtype = convert::Dtype::kBfloat16;
  if (told.dtype == "float16") options.dtype = convert::Dtype::kFloat16;
  if (told.dtype == "float32") options.dtype = convert::Dtype::kFloat32;
  options.keep = told.keep;
  for (const auto& each : told.bits_of) options.bits_of.push_back(pattern_and_bits(each));
  if (!options.quantize && (!options.keep.empty() || !options.bits_of.empty() || told.group_size))
    throw Error(ErrorCode::kInvalid,
                "--group-size, --keep and --bits-of are of use with --bits alone", "bits");
  return options;
}

// Before the hours that it may take; whoever makes it for another program goes on.
void warn_of(const std::string& told, const std::string& directory) {
  const Servable can = look_into("it", directory, Clock::now() + kLookedIntoMax).can;
  if (!can.yes.value_or(true))
    std::fprintf(stderr, "note     %s cannot be served as it is: %s\n",
                 client::printable_line(told, kNameCharactersMax).c_str(), can.why.c_str());
}

int run(const Options& told) {
  const convert::ConvertOptions options = read(told);
  const std::string from = directory_of(told.model), to = home_expanded(told.to);
  warn_of(told.model, from);
  const auto result = tell_bytes("converting", [&](const auto& progress, const auto& stop) {
    return convert::convert_model(from, to, options, progress, stop);
  });
  std::printf("made     %s, %s of weights (%s), %zu tensors, %zu of them quantized\n",
              shown(to).c_str(), size_text(result.bytes).c_str(), result.architecture.c_str(),
              result.tensors, result.quantized);
  for (const auto& [what, count] : result.left_out)
    std::printf("left out %zu tensors: %s, as mlx_lm does\n", count, what.c_str());
  for (const auto& pattern : result.unused)
    std::printf("unused   the pattern '%s' fits no matrix that is quantized\n",
                shown(pattern).c_str());
  if (options.quantize && result.undivided > 0)
    std::printf(
        "note     %zu matrices are not quantized: their rows are no multiple of the group size %d "
        "(--group-size 32 is the least)\n",
        result.undivided, options.quantize->group_size);
  if (options.quantize && result.float32_scales && told.dtype.empty())
    std::printf(
        "note     scales and what is not quantized are float32, as the model's numbers are; "
        "--dtype bfloat16 halves them\n");
  const NextStep next = next_step(to, to);
  std::printf("next     %s\n", shown(next.text).c_str());
  return next.serves ? 0 : kExitNo;
}

void add(CLI::App& models, int& exit_code, const char* name, const char* what, bool quantizes) {
  const auto options = std::make_shared<Options>();
  if (quantizes) options->bits = kDefaultBits;
  auto& command = *models.add_subcommand(name, what);
  command.add_option("model", options->model, "A directory, or org/name of a downloaded model")
      ->required();
  command
      .add_option("--to,-o,directory", options->to, "The directory to make; must not be there yet")
      ->required()
      ->check(not_empty())
      ->type_name("DIR");
  auto* bits = command
                   .add_option("--bits", options->bits,
                               quantizes ? "2, 3, 4, 5, 6 or 8 of a weight"
                                         : "Quantize too: 2, 3, 4, 5, 6 or 8 of a weight")
                   ->check(not_empty())
                   ->type_name("N");
  if (quantizes) bits->default_str(std::to_string(kDefaultBits));
  command
      .add_option("--group-size", options->group_size,
                  "Weights that share a scale: 32, 64 or 128 (default: 64)")
      ->check(not_empty())
      ->type_name("N");
  command
      .add_option("--dtype", options->dtype,
                  "Of what is not quantized, and of scales (default: what config.json says)")
      ->check(CLI::IsMember({"bfloat16", "float16", "float32"}));
  command
      .add_option("--keep", options->keep,
                  "Matrices that are not quantized, by their path; `*` is anything. Once for each: "
                  "--keep lm_head --keep embed_tokens")
      ->type_name("PATTERN")
      ->allow_extra_args(false);
  command
      .add_option("--bits-of", options->bits_of,
                  "Other bits for some: the first pattern that fits counts. Once for each")
      ->type_name("PATTERN=N")
      ->allow_extra_args(false);
  command.footer(
      "Weights and config.json are those that mlx_lm.convert makes, bit for bit. Nothing is left "
      "of\n"
      "one that is stopped. Architectures: " +
      convert::convertible_architectures() + ".\n\nExamples:\n" +
      (quantizes ? "  sanctum models quantize org/name --to name-4bit\n"
                   "  sanctum models quantize ./model --to ./model-mixed --bits-of down_proj=8 "
                   "--keep lm_head\n"
                 : "  sanctum models convert ./model --to ./model-bf16 --dtype bfloat16\n"
                   "  sanctum models convert org/name --to name-8bit --bits 8\n") +
      "\n" + exit_codes("done", "done, and what was made cannot be served"));
  on_chosen(command, exit_code, [options] { return run(*options); });
}

}  // namespace

void add_models_convert(CLI::App& models, int& exit_code) {
  add(models, exit_code, "convert", "Make an MLX model directory of one of Hugging Face's", false);
  add(models, exit_code, "quantize", "Make a quantized MLX model directory", true);
}

}  // namespace sanctum
