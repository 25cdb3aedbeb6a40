// GET /: one page that shows the server's state and how to talk to it.
#include "base/json.h"
#include "gateway/services.h"

namespace sanctum::gateway {
namespace {

// The page is whole in itself; what changes it fetches from /status. Everything from the server is
// set as text, never as markup.
constexpr const char* kPage = R"html(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sanctum</title>
<style>
:root { color-scheme: light dark; --bg: #f6f5f2; --card: #ffffff; --ink: #1d1c1a; --soft: #6b675f; --line: #e2dfd8;
  --good: #1f7a4d; --warn: #a05a00; --bad: #b3261e; --code: #f1efea; }
@media (prefers-color-scheme: dark) { :root { --bg: #161513; --card: #1f1e1b; --ink: #ece9e2; --soft: #9d978b;
  --line: #34322d; --good: #5fc593; --warn: #e0a34a; --bad: #f2857d; --code: #282622; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--bg); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 62rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
header { display: flex; align-items: baseline; gap: 1rem; flex-wrap: wrap; }
h1 { font-size: 1.7rem; margin: 0; letter-spacing: -0.02em; }
h2 { font-size: 1rem; margin: 2.2rem 0 .7rem; color: var(--soft); font-weight: 600; }
#state { font-weight: 600; padding: .1rem .7rem; border-radius: 1rem; border: 1px solid currentColor; font-size: .9rem; }
.good { color: var(--good); } .warn { color: var(--warn); } .bad { color: var(--bad); }
#reason { color: var(--soft); margin: .6rem 0 0; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(7.4rem, 1fr)); gap: .8rem; margin-top: 1.4rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .7rem; padding: .8rem 1rem; }
.card b { display: block; font-size: 1.25rem; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.card span { color: var(--soft); font-size: .85rem; }
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: .7rem; }
table { border-collapse: collapse; width: 100%; font-size: .93rem; }
th, td { text-align: left; padding: .55rem 1rem; border-bottom: 1px solid var(--line); white-space: nowrap; }
tr:last-child td { border-bottom: 0; }
th { color: var(--soft); font-weight: 500; }
pre { background: var(--code); border: 1px solid var(--line); border-radius: .7rem; padding: .9rem 1rem; margin: .4rem 0 1rem;
  white-space: pre-wrap; overflow-wrap: anywhere; font: .85rem/1.5 ui-monospace, monospace; }
p.what { margin: .9rem 0 0; color: var(--soft); font-size: .93rem; }
footer { margin-top: 2.5rem; color: var(--soft); font-size: .88rem; }
a { color: inherit; }
</style>
</head>
<body>
<main>
<header><h1>Sanctum</h1><span id="state" role="status" class="warn">asking</span></header>
<p id="reason"></p>
<div class="cards" id="cards"></div>
<h2>Models</h2>
<div class="scroll"><table><thead><tr><th>Name</th><th>State</th><th>Architecture</th><th>Pictures</th><th>Context</th>
<th>Weights</th><th>Quantization</th><th>Answers</th></tr></thead><tbody id="models"></tbody></table></div>
<h2>Ask it</h2>
<p class="what">A question, in one piece</p><pre id="curl-chat"></pre>
<p class="what">A longer answer, as a stream</p><pre id="curl-stream"></pre>
<div id="picture" hidden><p class="what">A picture: one red pixel</p><pre id="curl-picture"></pre></div>
<p class="what">With a client certificate</p><pre id="curl-mtls"></pre>
<footer>Updated <span id="age">never</span> &middot; <a href="/v1/models">models</a> &middot; <a href="/status">status</a>
&middot; <a href="/ready">ready</a> &middot; <a href="/metrics">metrics</a></footer>
</main>
<script>
const setup = SETUP;
const redPixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC";
const $ = (id) => document.getElementById(id);
const text = (id, value) => { if ($(id).textContent !== value) $(id).textContent = value; };
const bytes = (n) => n >= 1e9 ? (n / 1e9).toFixed(2) + " GB" : n >= 1e6 ? (n / 1e6).toFixed(1) + " MB" : n + " B";
const span = (s) => s < 120 ? s + " s" : s < 7200 ? Math.floor(s / 60) + " min" : Math.floor(s / 3600) + " h";
const quoted = (s) => "'" + s.replaceAll("'", "'\\''") + "'";
function curl(base, options, body) {
  return "curl " + options + base + "/v1/chat/completions -H 'Content-Type: application/json' \\\n  -d " +
    quoted(JSON.stringify(body));
}
function commands(model, seeing) {
  const base = setup.http || setup.mtls;
  const key = setup.http && setup.key ? "-H \"Authorization: Bearer $SANCTUM_API_KEY\" \\\n  " : "";
  const tls = "--cacert " + quoted(setup.certificates + "/ca.pem") + " --cert " + quoted(setup.certificates + "/client.pem") +
    " --key " + quoted(setup.certificates + "/client.key") + " \\\n  ";
  const options = setup.http ? key : tls;
  const ask = (content, more) => ({ model, messages: [{ role: "user", content }], max_tokens: 64, temperature: 0, ...more });
  text("curl-chat", curl(base, options, ask("What is 17 + 25?")));
  text("curl-stream", curl(base, "-N " + options, ask("Count from 1 to 10.", { stream: true })));
  $("picture").hidden = !seeing;
  if (seeing) text("curl-picture", curl(base, options, { ...ask([{ type: "text", text: "What colour is this?" },
    { type: "image_url", image_url: { url: "data:image/png;base64," + redPixel } }]), model: seeing }));
  text("curl-mtls", setup.mtls ? curl(setup.mtls, tls, ask("Hello!")) : "not listening (--mtls-listen)");
}
function card(value, name) {
  const box = document.createElement("div"), b = document.createElement("b"), label = document.createElement("span");
  box.className = "card"; b.textContent = value; label.textContent = name;
  box.append(b, label);
  return box;
}
function show(s) {
  $("state").className = s.ready ? "good" : ["loading", "starting", "absent", "draining"].includes(s.status) ? "warn" : "bad";
  text("state", s.status);
  text("reason", s.reason || "");
  const stats = s.engine.stats || {};
  $("cards").replaceChildren(
    card(s.requests.running + " / " + s.requests.running_max, "running"),
    card(s.requests.waiting + " / " + s.requests.waiting_max, "waiting"),
    card(stats.requests_completed ?? "-", "answered"),
    card(stats.completion_tokens ?? "-", "tokens produced"),
    card(stats.footprint_bytes === undefined ? "-" : bytes(stats.footprint_bytes), "engine memory"),
    card(s.engine.restarts, "engine restarts"),
    card(span(s.uptime_s), "up"));
  $("models").replaceChildren(...s.models.map((m) => {
    const row = document.createElement("tr");
    const state = m.failure ? m.state + ": " + m.failure.message : m.state;
    for (const value of [m.model, state, m.architecture, m.vision ? "yes" : "no", m.context_tokens, bytes(m.weight_bytes),
      m.quantization, m.same_under_load ? "same at any load" : "may change under load"]) row.insertCell().textContent = value;
    return row;
  }));
  const asked = s.models.find((m) => m.state === "ready") || s.models[0];
  const seeing = s.models.find((m) => m.vision && m.state === "ready") || s.models.find((m) => m.vision);
  commands(asked ? asked.model : "sanctum-smoke", seeing && seeing.model);
}
async function update() {
  try {
    const answer = await fetch("/status", { signal: AbortSignal.timeout(5000), cache: "no-store" });
    if (answer.status === 401) throw new Error("it wants an API key: load the page again");
    show(await answer.json());
    text("age", new Date().toLocaleTimeString());
  } catch (error) {
    $("state").className = "bad";
    text("state", "unreachable");
    text("reason", "The server does not answer (" + error.message + ").");
  }
  setTimeout(update, document.hidden ? 10000 : 2000);
}
commands("sanctum-smoke", null);
update();
</script>
</body>
</html>
)html";

std::string page(const Services& services) {
  json::Writer w;
  const ListenUrls urls = services.urls();
  w.begin_object().field("http", urls.plain).field("mtls", urls.mtls);
  w.field("certificates", services.certificates);
  w.field("key", services.wants_key && services.wants_key()).end_object();
  std::string setup = w.take();
  for (std::size_t at = 0; (at = setup.find('<', at)) != std::string::npos;)
    setup.replace(at, 1, "\\u003c");
  std::string text = kPage;
  text.replace(text.find("SETUP"), 5, setup);
  return text;
}

}  // namespace

void add_page(Router& router, Services& services) {
  router.add("GET", "/", [&services](const std::shared_ptr<Exchange>& exchange) {
    HttpResponse response;
    response.content_type = "text/html; charset=utf-8";
    response.body = page(services);
    response.headers = {{"Cache-Control", "no-store"}, {"X-Content-Type-Options", "nosniff"}};
    exchange->respond(std::move(response));
  });
}

}  // namespace sanctum::gateway
