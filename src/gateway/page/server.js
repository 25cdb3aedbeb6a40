// What the server says of itself (/status): its state, its models, and how to ask it from a shell.
// Everything that it says is set as text, never as markup.
const POLL_MS = 2000;
const POLL_HIDDEN_MS = 10000;
const ANSWER_MS_MAX = 5000;
const RED_PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC";
const PASSING = ["loading", "starting", "absent", "draining"]; // what ends by itself

export const $ = (id) => document.getElementById(id);
// Without the name and password that the page's own address may hold, which fetch refuses.
export const at = (path) => new URL(path, location.origin);
export const WANTS_KEY = "This server wants an API key. Load this page again: when the browser asks, leave the name empty and give the key as the password.";

const setup = JSON.parse($("setup").textContent);
const text = (id, value) => {
  if ($(id).textContent !== value) $(id).textContent = value; // else a screen reader would say it again
};

function bytes(n) {
  if (n >= 1e9) return (n / 1e9).toFixed(2) + " GB";
  return n >= 1e6 ? (n / 1e6).toFixed(1) + " MB" : n + " B";
}

function span(s) {
  if (s < 120) return s + " s";
  return s < 7200 ? Math.floor(s / 60) + " min" : Math.floor(s / 3600) + " h";
}

const quoted = (word) => "'" + word.replaceAll("'", "'\\''") + "'";

function curl(base, options, body) {
  return `curl ${options}${base}/v1/chat/completions -H 'Content-Type: application/json' \\\n  -d ${quoted(JSON.stringify(body))}`;
}

function showCommands(model, seeing) {
  const base = setup.http || setup.mtls;
  const key = setup.http && setup.key ? '-H "Authorization: Bearer $SANCTUM_API_KEY" \\\n  ' : "";
  const file = (name) => quoted(`${setup.certificates}/${name}`);
  const tls = `--cacert ${file("ca.pem")} --cert ${file("client.pem")} --key ${file("client.key")} \\\n  `;
  const options = setup.http ? key : tls;
  const ask = (content, more) => ({ model, messages: [{ role: "user", content }], max_tokens: 64, temperature: 0, ...more });
  text("curl-chat", curl(base, options, ask("What is 17 + 25?")));
  text("curl-stream", curl(base, "-N " + options, ask("Count from 1 to 10.", { stream: true })));
  $("curl-seeing").hidden = !seeing;
  const picture = [{ type: "text", text: "What colour is this?" },
    { type: "image_url", image_url: { url: "data:image/png;base64," + RED_PIXEL } }];
  if (seeing) text("curl-picture", curl(base, options, ask(picture, { model: seeing })));
  text("curl-mtls", setup.mtls ? curl(setup.mtls, tls, ask("Hello!")) : "not listening (--mtls-listen)");
}

function card(value, name) {
  const box = document.createElement("div"), number = document.createElement("b"), label = document.createElement("span");
  box.className = "card";
  number.textContent = value;
  label.textContent = name;
  box.append(number, label);
  return box;
}

function showCards(status) {
  const stats = status.engine.stats || {};
  $("cards").replaceChildren(
    card(`${status.requests.running} / ${status.requests.running_max}`, "running"),
    card(`${status.requests.waiting} / ${status.requests.waiting_max}`, "waiting"),
    card(stats.requests_completed ?? "-", "answered"),
    card(stats.completion_tokens ?? "-", "tokens produced"),
    card(stats.footprint_bytes === undefined ? "-" : bytes(stats.footprint_bytes), "engine memory"),
    card(status.engine.restarts, "engine restarts"),
    card(span(status.uptime_s), "up"));
}

function modelRow(model, unproven) {
  const row = document.createElement("tr");
  const state = model.failure ? `${model.state}: ${model.failure.message}` : unproven ? `unproven: ${unproven}` : model.state;
  for (const value of [model.model, state, model.architecture, model.vision ? "yes" : "no", model.context_tokens,
    bytes(model.weight_bytes), model.quantization, model.same_under_load ? "same at any load" : "may change under load"])
    row.insertCell().textContent = value;
  return row;
}

function showState(word, kind, reason) {
  $("state").className = kind;
  text("state", word);
  text("reason", reason);
}

function show(status) {
  showState(status.status, status.ready ? "good" : PASSING.includes(status.status) ? "warn" : "bad", status.reason || "");
  showCards(status);
  const unproven = status.unproven ?? {};  // a restart may have brought an older server
  $("models").replaceChildren(...status.models.map((model) => modelRow(model, Object.hasOwn(unproven, model.model) && unproven[model.model])));
  const asked = status.models.find((m) => m.state === "ready") || status.models[0];
  const seeing = status.models.find((m) => m.vision && m.state === "ready") || status.models.find((m) => m.vision);
  showCommands(asked ? asked.model : "sanctum-smoke", seeing && seeing.model);
  text("age", new Date().toLocaleTimeString());
}

async function askStatus() {
  const answer = await fetch(at("/status"), { signal: AbortSignal.timeout(ANSWER_MS_MAX), cache: "no-store" });
  if (answer.status === 401) throw new Error(WANTS_KEY);
  if (!answer.ok) throw new Error(`It answers ${answer.status}.`);
  return answer.json();
}

function showSilence(error) {
  if (error.message === WANTS_KEY) return showState("wants a key", "bad", WANTS_KEY);
  showState("unreachable", "bad", `The server does not answer (${error.message}).`);
}

// Calls `told` with /status, now and as long as the page is open.
export async function watchServer(told) {
  const status = await askStatus().catch(showSilence);
  if (status) {
    show(status);
    told(status);
  }
  setTimeout(watchServer, document.hidden ? POLL_HIDDEN_MS : POLL_MS, told);
}

showCommands("sanctum-smoke", null);
