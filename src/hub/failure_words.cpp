#include "hub/failure_words.h"

#include <algorithm>

namespace sanctum::hub {
namespace {

constexpr std::size_t kTheirWordsMax = 200;

std::string quoted(const std::string& text) {
  return "'" + text + "'";
}

// What a stranger wrote, on one line that a terminal only shows.
std::string their_words(const FetchHead& head) {
  std::string text = head.error_message.substr(0, kTheirWordsMax);
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < ' ' || c >= 127; }, '?');
  return text.empty() ? text : " It says: " + text;
}

std::string log_in(const Asked& asked) {
  return "make a token at " + asked.endpoint +
         "/settings/tokens and set HF_TOKEN to it (or `hf auth login`)";
}

std::string page_of(const Asked& asked) {
  return asked.endpoint + "/" + asked.model;
}

Error gated(const Asked& asked, const FetchHead& head) {
  const std::string what = quoted(asked.model) + " is gated: ";
  const std::string accept = "accept its terms at " + page_of(asked);
  return {ErrorCode::kUnavailable,
          what +
              (asked.with_token
                   ? "the token's account has not been let in: " + accept +
                         ", wait until its makers let you in, and see that the token may read "
                         "gated models."
                   : accept + ", then " + log_in(asked) + ".") +
              their_words(head),
          "HF_TOKEN"};
}

Error unauthorized(const Asked& asked, const FetchHead& head) {
  if (asked.with_token)
    return {ErrorCode::kUnavailable,
            asked.endpoint +
                " does not take the token (HF_TOKEN, or the file token of HF_HOME), "
                "or has no " +
                quoted(asked.model) + " that it may see: is the name right? Else " + log_in(asked) +
                "." + their_words(head),
            "HF_TOKEN"};
  return {ErrorCode::kNotFound,
          asked.endpoint + " shows no " + quoted(asked.model) +
              " to everybody: is the name right? If it is private or gated, " + log_in(asked) +
              "." + their_words(head),
          "model"};
}

Error not_found(const Asked& asked, const FetchHead& head) {
  if (head.error_code == "RevisionNotFound")
    return {ErrorCode::kNotFound,
            quoted(asked.model) + " has no revision " + quoted(asked.revision) + "; " +
                page_of(asked) + "/tree/main shows what it has",
            "revision"};
  if (!asked.file.empty())
    return {ErrorCode::kNotFound, asked.endpoint + " lists " + asked.file + " of " +
                                      quoted(asked.model) + " and then has it not"};
  return {ErrorCode::kNotFound,
          "there is no " + quoted(asked.model) + " at " + asked.endpoint +
              (asked.with_token ? " that the token may see" : "") + ", or it has no revision " +
              quoted(asked.revision) + ": is the name right?" +
              (asked.with_token ? "" : " If it is private, " + log_in(asked) + "."),
          "model"};
}

std::string what_was_asked(const Asked& asked) {
  return asked.file.empty() ? "the list of " + quoted(asked.model) : asked.file;
}

// By whom it is not said: the hub says so of a gated model.
Error forbidden(const Asked& asked, const FetchHead& head) {
  return {ErrorCode::kInvalid,
          asked.endpoint + " answers 403 for " + what_was_asked(asked) + ": " +
              (asked.with_token ? "the token may not read it" : "it may want a token (HF_TOKEN)") +
              ", or a proxy is in the way." + their_words(head),
          "hub"};
}

// Whom to look at: "https://hub", or "https://cdn, the store to which https://hub sends us".
std::string who_ended_it(const Fetched& fetched, const Asked& asked) {
  if (fetched.led_to.empty()) return asked.endpoint;
  return fetched.led_to + (fetched.from_store ? ", the store to which " : ", to which ") +
         asked.endpoint + " sends us";
}

// The token's account is not what it refuses.
Error refused_without_token(const Fetched& fetched, const Asked& asked) {
  return {ErrorCode::kUnavailable,
          who_ended_it(fetched, asked) + ", answers " + std::to_string(fetched.head.status) +
              " for " + what_was_asked(asked) + ": it was asked without the token, which only " +
              asked.endpoint + " is told. Where that is the hub, name it by --hub or HF_ENDPOINT." +
              their_words(fetched.head),
          "hub"};
}

Error store_refuses(const Fetched& fetched, const Asked& asked) {
  const int status = fetched.head.status;
  return {
      status == 429 ? ErrorCode::kBusy : ErrorCode::kUnavailable,
      who_ended_it(fetched, asked) + ", answers " + std::to_string(status) + " for " +
          what_was_asked(asked) +
          (turned_away(fetched) ? ": its address may have expired, or a proxy is in the way" : "") +
          "." + their_words(fetched.head),
      "hub"};
}

}  // namespace

bool turned_away(const Fetched& fetched) {
  const int status = fetched.head.status;
  return fetched.end == FetchEnd::kAnswered && fetched.from_store && status >= 400 &&
         status < 500 && status != 408 && status != 429;
}

Trouble trouble_of(const Fetched& fetched) {
  if (turned_away(fetched)) return Trouble::kTurnedAway;
  return fetched.end == FetchEnd::kAnswered ? Trouble::kBusy : Trouble::kBroken;
}

bool may_be_tried_again(const Fetched& fetched) {
  if (turned_away(fetched)) return true;
  if (fetched.end != FetchEnd::kAnswered)
    return fetched.end == FetchEnd::kBroken || fetched.end == FetchEnd::kUnreachable;
  const int status = fetched.head.status;
  return status == 408 || status == 429 || status >= 500;
}

Error failure_of(const Fetched& fetched, const Asked& asked) {
  const FetchHead& head = fetched.head;
  switch (fetched.end) {
    case FetchEnd::kAnswered:
      break;
    case FetchEnd::kCancelled:
      return {ErrorCode::kCancelled, "stopped"};
    case FetchEnd::kUnreachable:
      return {ErrorCode::kUnavailable,
              "cannot reach " + who_ended_it(fetched, asked) + ": " + fetched.why +
                  ". Is this machine online? A proxy is named by https_proxy, another hub by --hub "
                  "or HF_ENDPOINT.",
              "hub"};
    case FetchEnd::kRefused:
    case FetchEnd::kBroken:
      return {ErrorCode::kUnavailable,
              "cannot get " + what_was_asked(asked) + " from " + who_ended_it(fetched, asked) +
                  ": " + fetched.why,
              "hub"};
  }
  if (fetched.from_store) return store_refuses(fetched, asked);
  if (!fetched.led_to.empty() && asked.with_token && (head.status == 401 || head.status == 403))
    return refused_without_token(fetched, asked);
  if (head.error_code == "GatedRepo") return gated(asked, head);
  switch (head.status) {
    case 401:
      return unauthorized(asked, head);
    case 403:
      return forbidden(asked, head);
    case 404:
      return not_found(asked, head);
    case 429:
      return {ErrorCode::kBusy, asked.endpoint +
                                    " answers 429: it was asked too often from here; wait a few "
                                    "minutes" +
                                    (asked.with_token ? "" : ", or set HF_TOKEN, which has more") +
                                    ". What was loaded is kept." + their_words(head)};
    default:
      return {head.status >= 500 ? ErrorCode::kUnavailable : ErrorCode::kInvalid,
              asked.endpoint + " answers " + std::to_string(head.status) + " for " +
                  what_was_asked(asked) + "." + their_words(head),
              "hub"};
  }
}

}  // namespace sanctum::hub
