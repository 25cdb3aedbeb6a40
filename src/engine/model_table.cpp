#include "engine/model_table.h"

#include <ctime>

#include "base/error.h"
#include "base/invariant.h"
#include "base/json.h"
#include "wire/sampling.h"

namespace sanctum::engine {
namespace {

// What the model's maker changes says other things too.
std::string sampled(const wire::SamplingChoice& choice) {
  json::Writer w;
  w.begin_object();
  wire::write_choice(w, choice);
  w.end_object();
  const std::string all = w.take();
  return all == "{}" ? "" : "; sampled by default as " + all;
}

}  // namespace

ModelTable::Entry& ModelTable::entry(const std::string& model) {
  const auto found = entries_.find(model);
  if (found == entries_.end()) {
    throw Error(ErrorCode::kNotFound,
                "no model '" + model + "' here" + (entries_.empty() ? "" : "; there is " + names()),
                "model");
  }
  return found->second;
}

std::string ModelTable::names() const {
  std::string out;
  for (const auto& [name, entry] : entries_) out += (out.empty() ? "" : ", ") + name;
  return out;
}

ModelTable::Load ModelTable::begin_load(const std::string& model, const std::string& path) {
  std::lock_guard lock(mutex_);
  const auto found = entries_.find(model);
  if (found != entries_.end() && found->second.info.state != wire::ModelStage::kFailed) {
    const wire::ModelInfo& info = found->second.info;
    if (info.path != path) {
      throw Error(ErrorCode::kInvalid, "the name '" + model + "' is in use for " + info.path,
                  "model");
    }
    if (info.state == wire::ModelStage::kUnloading) {
      throw Error(ErrorCode::kUnavailable,
                  "'" + model + "' is being unloaded: try again when it is gone", "model");
    }
    return info.state == wire::ModelStage::kReady ? Load::kReady : Load::kJoined;
  }
  Entry fresh;
  fresh.info.model = model;
  fresh.info.path = path;
  fresh.info.state = wire::ModelStage::kLoading;
  fresh.info.created_unix_s = std::time(nullptr);
  fresh.number = found != entries_.end() ? found->second.number : next_number_++;
  entries_[model] = std::move(fresh);
  return Load::kStart;
}

void ModelTable::set_text(const std::string& model, std::shared_ptr<const TextModel> text) {
  std::lock_guard lock(mutex_);
  Entry& e = entry(model);
  e.info.vision = text->vision();
  e.info.context_tokens = text->context_tokens();
  e.info.tools = text->tools();
  e.info.no_chat = text->no_chat();
  e.info.sampling = text->sampling();
  e.text = std::move(text);
}

void ModelTable::set_progress(const std::string& model, std::uint64_t done, std::uint64_t total) {
  std::lock_guard lock(mutex_);
  Entry& e = entry(model);
  e.info.loaded_bytes = done;
  e.info.load_bytes = total;
}

void ModelTable::set_ready(const std::string& model, const models::Traits& traits,
                           std::int64_t load_us) {
  std::lock_guard lock(mutex_);
  Entry& e = entry(model);
  SANCTUM_INVARIANT(e.text != nullptr, "a model is ready with its text side");
  if (traits.context_tokens < e.text->context_tokens()) {
    e.text = e.text->within(traits.context_tokens);
    e.info.own_context_tokens = e.info.context_tokens;
    e.info.context_tokens = traits.context_tokens;
  }
  e.info.state = wire::ModelStage::kReady;
  e.info.architecture = traits.architecture;
  e.info.vocabulary = traits.vocabulary;
  e.info.quantization = traits.quantization;
  e.info.kernels = traits.kernels;
  e.info.same_under_load = traits.same_under_load;
  e.info.numbers = traits.numbers + sampled(e.info.sampling);
  e.info.weight_bytes = traits.weight_bytes;
  e.info.load_us = load_us;
}

void ModelTable::set_failed(const std::string& model, const wire::Failure& failure) {
  std::lock_guard lock(mutex_);
  Entry& e = entry(model);
  e.info.state = wire::ModelStage::kFailed;
  e.info.failure = failure;
  e.text.reset();  // a tokenizer may hold hundreds of megabytes
}

bool ModelTable::failed_for_good(const std::string& model) const {
  std::lock_guard lock(mutex_);
  const auto found = entries_.find(model);
  if (found == entries_.end() || found->second.info.state != wire::ModelStage::kFailed)
    return false;
  const auto& failure = found->second.info.failure;
  return failure && !may_be_mended(failure->code);
}

ModelTable::Lease ModelTable::acquire(const std::string& model,
                                      std::shared_ptr<const TextModel>& text) {
  std::lock_guard lock(mutex_);
  Entry& e = entry(model);
  if (e.info.state == wire::ModelStage::kLoading) return Lease::kLoading;
  if (e.info.state != wire::ModelStage::kReady) {
    throw Error(ErrorCode::kUnavailable,
                "'" + model + "' is " + std::string(to_string(e.info.state)) +
                    (e.info.failure ? ": " + e.info.failure->message : ""),
                "model");
  }
  ++e.leases;
  text = e.text;
  return Lease::kGranted;
}

bool ModelTable::release(const std::string& model) {
  std::lock_guard lock(mutex_);
  Entry& e = entry(model);
  SANCTUM_INVARIANT(e.leases > 0, "a lease is returned once");
  --e.leases;
  return e.leases == 0 && e.info.state == wire::ModelStage::kUnloading;
}

bool ModelTable::begin_unload(const std::string& model) {
  std::lock_guard lock(mutex_);
  Entry& e = entry(model);
  if (e.info.state == wire::ModelStage::kLoading || e.info.state == wire::ModelStage::kUnloading) {
    throw Error(ErrorCode::kUnavailable,
                "'" + model + "' is " + std::string(to_string(e.info.state)), "model");
  }
  e.info.state = wire::ModelStage::kUnloading;
  return e.leases == 0;
}

void ModelTable::remove(const std::string& model) {
  std::lock_guard lock(mutex_);
  entries_.erase(model);
}

wire::ModelInfo ModelTable::info(const std::string& model) const {
  std::lock_guard lock(mutex_);
  return const_cast<ModelTable*>(this)->entry(model).info;
}

std::vector<wire::ModelInfo> ModelTable::all() const {
  std::lock_guard lock(mutex_);
  std::map<std::uint64_t, const Entry*> in_order;
  for (const auto& [name, entry] : entries_) in_order[entry.number] = &entry;
  std::vector<wire::ModelInfo> out;
  out.reserve(entries_.size());
  for (const auto& [number, entry] : in_order) out.push_back(entry->info);
  return out;
}

bool ModelTable::loading() const {
  std::lock_guard lock(mutex_);
  for (const auto& [name, entry] : entries_) {
    if (entry.info.state == wire::ModelStage::kLoading ||
        entry.info.state == wire::ModelStage::kUnloading)
      return true;
  }
  return false;
}

}  // namespace sanctum::engine
