// The probe "works": every loaded model answers rightly, in each of its modalities, through the
// public path.
//
// A model directory with a battery.json, and the built-in model, are asked its questions, which
// have known answers. Of any other model nothing is known but what it said when these weights were
// first loaded: that is recorded, and has to come again, where the engine promises that answers do
// not change; where it does not, an answer that is not empty has to do, and the check says so. With
// another arithmetic than it was recorded with, or for another question, it is recorded anew.
//
// A model that answers no chats (it has no chat template, or a broken one) goes on with a prompt
// instead, which /v1/completions answers, and that is recorded.
//
// What the probe itself cannot read or record is no verdict on a model: it is a check of its own,
// kProbeItself; so is an answer that another server gave in the engine's place. A refusal (HTTP 4xx
// and 503, no connection, no trust) is none either: the check fails, and nobody may act on it. An
// answer that is late while a model is loading is labelled: whoever ended the engine for it would
// have it load for ever.
// Thread rule: the caller's.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "client/endpoint.h"
#include "probes/check.h"
#include "probes/goldens.h"
#include "probes/server_state.h"

namespace sanctum::probes {

// Asked the built-in battery wherever it runs; the name that `serve` gives the built-in model.
inline constexpr const char* kBuiltInModel = "sanctum-smoke";

struct WorksOptions {
  client::Endpoint endpoint;
  std::chrono::milliseconds limit{10'000};  // of one question
  // The digest of a model's weights; nothing while it is not known, empty when it cannot be had.
  std::function<std::optional<std::string>(const LoadedModel&)> digest;
  // A model, now: the others' answers wait for it. Empty: it is not known.
  std::function<bool()> loading = {};
};

// One check for each modality of each model, and one of the probe itself if something went wrong
// there.
std::vector<Check> check_works(const std::vector<LoadedModel>& models, const WorksOptions& options,
                               Goldens& goldens);

}  // namespace sanctum::probes
