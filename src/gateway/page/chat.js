// The conversation: what is asked, with pictures, and the answers as they come. It lives in this
// page's memory alone. What the model and the server say is set as text, never as markup.
import { $, WANTS_KEY, at, watchServer } from "./server.js";

const PICTURE_TYPES = ["image/png", "image/jpeg", "image/webp", "image/gif", "image/bmp"];
const PICTURE_BYTES_MAX = 32e6; // one that is larger does not fit into a request with its history
const END_PX = 80; // who is this near to the end of the conversation is kept there
const COPIED_MS = 2000;
const HINT = "Enter sends, Shift+Enter makes a new line";
const LOST = "The connection to the server was lost. The conversation is kept: try again when the server is back.";

class Failure extends Error {} // its message is for the person

let turns = []; // of the conversation, oldest first: {role, text, view, pictures} and Answers
let pending = []; // pictures for the next message: {name, url}
let models = []; // as /status has them
let running = null; // the AbortController of the answer that is being written

const chosen = () => models.find((model) => model.model === $("model").value);
const cloned = (id) => $(id).content.firstElementChild.cloneNode(true);
const sentence = (words) => words.charAt(0).toUpperCase() + words.slice(1) + (/[.!?]$/.test(words) ? "" : ".");
const announce = (words) => { $("announcer").textContent = words; };

// ---- asking

async function* lines(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  for (let rest = ""; ;) {
    const { value, done } = await reader.read();
    if (done) return;
    const parts = (rest + value).split(/\r?\n/);
    rest = parts.pop();
    yield* parts;
  }
}

async function refusal(response) {
  if (response.status === 401) return WANTS_KEY;
  const passing = response.status === 429 || response.status >= 500;
  const who = passing ? "The server cannot answer now" : "The server refuses this";
  const body = await response.json().catch(() => null);
  return `${who} (${response.status}). ${sentence(body?.error?.message || "It does not say why")}`;
}

// Who answers, the chunks of the answer, and {waits: words} where it stands still. Throws Failure.
async function* answerTo(request, signal) {
  let whole = false;
  try {
    const response = await fetch(at("/v1/chat/completions"), {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(request), signal });
    if (!response.ok) throw new Failure(await refusal(response));
    yield { servedBy: response.headers.get("X-Sanctum-Served-By") };
    for await (const line of lines(response.body)) {
      if (line.startsWith(":")) yield { waits: line.slice(1).trim() };
      if (!line.startsWith("data:")) continue;
      const data = line.slice("data:".length).trim();
      if (data === "[DONE]") whole = true;
      else yield JSON.parse(data);
    }
  } catch (error) {
    throw error instanceof Failure || signal.aborted ? error : new Failure(LOST);
  }
  if (!whole) throw new Failure(LOST);
}

function contentOf(turn) {
  if (!turn.pictures?.length) return turn.text;
  const pictures = turn.pictures.map((picture) => ({ type: "image_url", image_url: { url: picture.url } }));
  return turn.text ? [...pictures, { type: "text", text: turn.text }] : pictures;
}

// What is left empty is left to the server.
function requestFor(model) {
  // A question that came to nothing is left out with its answer: templates want turns to alternate.
  const said = turns.filter((turn, at) => turn.role === "user" ? !turns[at + 1] || turns[at + 1].text : turn.text);
  const messages = said.map((turn) => ({ role: turn.role, content: contentOf(turn) }));
  if ($("system").value.trim()) messages.unshift({ role: "system", content: $("system").value });
  const request = { model, messages, stream: true, stream_options: { include_usage: true } };
  if ($("temperature").value) request.temperature = $("temperature").valueAsNumber;
  if ($("max-tokens").value) request.max_tokens = $("max-tokens").valueAsNumber;
  return request;
}

// ---- what an answer shows

// Changes the conversation; who reads its end goes on doing so.
function grow(change) {
  const page = document.documentElement;
  const follows = page.scrollHeight - innerHeight - scrollY < END_PX;
  change();
  if (follows) scrollTo(0, page.scrollHeight);
}

function limitWords({ limit, usage }) {
  if (limit && usage?.completion_tokens >= limit)
    return `Cut at your limit of ${limit} tokens. For a longer answer raise “Max tokens” in Settings and try again.`;
  return "Cut: the conversation fills the model's context. Start a new conversation, or ask for less.";
}

function timingWords(answer) {
  const { usage, timings, firstMs } = answer, words = [];
  if (firstMs !== null) words.push(`first token ${firstMs < 1000 ? Math.round(firstMs) + " ms" : (firstMs / 1000).toFixed(1) + " s"}`);
  // Another engine's share is not in the decode time of one that took its place.
  if (timings?.decode_us > 0 && timings.decode_n > 1 && !answer.replaced)
    words.push(`${((timings.decode_n - 1) * 1e6 / timings.decode_us).toFixed(1)} tokens/s`);
  if (usage) {
    words.push(`${usage.completion_tokens} tokens`, `prompt ${usage.prompt_tokens} tokens`);
    words.push(`${usage.prompt_tokens_details?.cached_tokens ?? 0} cached`);
  }
  if (answer.servedBy) words.push(`by the fallback ${answer.servedBy}`);
  return words.join(" · ");
}

class Answer {
  role = "assistant";
  text = "";
  firstMs = null;
  #sent = performance.now();
  #unseen = { text: "", reasoning: "" }; // what came since the last frame
  #frame = 0;

  constructor({ model, max_tokens: limit }) {
    this.limit = limit;
    this.view = cloned("answer-turn");
    this.#part("h3").textContent = model;
    this.#part("[data-do=copy]").onclick = (event) => copy(this, event.target);
    this.#part("[data-do=again]").onclick = () => againFrom(turns.indexOf(this));
  }

  #part(selector) { return this.view.querySelector(selector); }
  get body() { return this.#part(":scope > .text"); }

  take(chunk) {
    if ("waits" in chunk) return this.wait(chunk.waits);
    if (chunk.error) throw new Failure(`The server gave up. ${sentence(chunk.error.message)}`);
    this.servedBy ??= chunk.servedBy;
    this.usage = chunk.usage || this.usage;
    this.timings = chunk.timings || this.timings;
    const choice = chunk.choices?.[0];
    this.finish = choice?.finish_reason || this.finish;
    this.#add(choice?.delta ?? {});
  }

  #add({ content, reasoning_content: reasoning }) {
    if (!content && !reasoning) return;
    this.firstMs ??= performance.now() - this.#sent;
    this.text += content ?? "";
    this.#unseen.text += content ?? "";
    this.#unseen.reasoning += reasoning ?? "";
    this.#frame ||= requestAnimationFrame(() => this.#show());
  }

  #show() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const { text, reasoning } = this.#unseen;
    this.#unseen = { text: "", reasoning: "" };
    grow(() => {
      if (text || reasoning) this.note("");
      if (reasoning) this.#part(".reasoning").hidden = false;
      this.#part(".reasoning .text").append(reasoning);
      this.body.append(text);
    });
  }

  wait(words) {
    this.replaced ||= words.includes("restarts");
    this.note(sentence(words));
  }

  note(words, kind = "") {
    const note = this.#part(".note");
    note.hidden = !words;
    note.textContent = words;
    note.className = `note ${kind}`;
  }

  // `failure`: words for one that did not end as it should.
  end(failure, kind) {
    this.#show();
    this.body.normalize();
    this.view.removeAttribute("aria-busy");
    this.#part("[data-do=copy]").hidden = !this.text;
    let words = failure;
    if (!failure && this.finish === "length") words = limitWords(this);
    else if (!failure && !this.text) words = "The model said nothing.";
    grow(() => {
      this.note(words, kind);
      this.#part(".timings").textContent = timingWords(this);
    });
    announce([this.text, words].filter(Boolean).join(" "));
  }
}

// ---- the conversation

function append(turn) {
  turns.push(turn);
  $("conversation").append(turn.view);
  $("welcome").hidden = true;
}

function dropFrom(index) {
  for (const turn of turns.splice(index)) turn.view.remove();
  $("welcome").hidden = turns.length > 0;
}

function setRunning(controller) {
  running = controller;
  if (document.activeElement === $("stop")) $("message").focus(); // it goes
  $("conversation").classList.toggle("answering", Boolean(controller));
  $("send").hidden = Boolean(controller);
  $("stop").hidden = !controller;
  showHint();
}

async function answer() {
  const controller = new AbortController();
  const request = requestFor($("model").value);
  const told = new Answer(request);
  announce("Answering");
  append(told);
  setRunning(controller);
  scrollTo(0, document.documentElement.scrollHeight);
  try {
    for await (const chunk of answerTo(request, controller.signal)) told.take(chunk);
    told.end("");
  } catch (error) {
    if (controller.signal.aborted) told.end("Stopped.");
    else told.end(error instanceof Failure ? error.message : `This page failed: ${error.message}.`, "bad");
  } finally {
    if (running === controller) setRunning(null);
  }
}

function userTurn(text, pictures) {
  const turn = { role: "user", text, pictures, view: cloned("user-turn") };
  turn.view.querySelector(".text").textContent = text;
  turn.view.querySelector(".shown").append(...pictures.map(image));
  turn.view.querySelector("button").onclick = () => editFrom(turns.indexOf(turn));
  return turn;
}

// Whether the settings can be sent; says where not.
function settingsAreRight() {
  const wrong = [$("temperature"), $("max-tokens")].find((input) => !input.validity.valid);
  if (!wrong) return true;
  $("settings").open = true;
  return wrong.reportValidity();
}

function send() {
  const text = $("message").value;
  if (running || (!text.trim() && !pending.length)) return;
  if (!$("model").value) return complain("There is no model yet.");
  if (chosen().no_chat) return complain(`${chosen().model} answers no chats: ${chosen().no_chat}. It goes on with a prompt: POST /v1/completions.`);
  if (pending.length && !chosen().vision) return complain(`${chosen().model} sees no pictures: remove them, or choose another model.`);
  if (!settingsAreRight()) return;
  append(userTurn(text, pending));
  $("message").value = "";
  pending = [];
  showPending();
  $("message").focus();
  answer();
}

function againFrom(index) {
  if (running) return;
  dropFrom(index);
  $("message").focus();
  answer();
}

function editFrom(index) {
  if (running) return;
  const { text, pictures } = turns[index];
  dropFrom(index);
  $("message").value = text;
  pending = [...pictures];
  showPending();
  $("message").focus();
}

function forget() {
  running?.abort();
  setRunning(null);
  dropFrom(0);
  announce("New conversation");
  $("message").focus();
}

async function copy(turn, button) {
  try {
    await navigator.clipboard.writeText(turn.text);
  } catch { // there is none, or not on a page that came by plain HTTP from another machine
    getSelection().selectAllChildren(turn.body);
    document.execCommand("copy");
    getSelection().removeAllRanges();
  }
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = "Copy"; }, COPIED_MS);
}

// ---- pictures

function image({ name, url }) {
  const shown = new Image();
  shown.src = url;
  shown.alt = name;
  return shown;
}

// Empty for a file that cannot be read.
function readUrl(file) {
  return new Promise((resolve) => {
    const reader = new FileReader();
    reader.onloadend = () => resolve(reader.result ?? "");
    reader.readAsDataURL(file);
  });
}

// What keeps a file from being sent; empty for a picture.
function objection(file) {
  if (!PICTURE_TYPES.includes(file.type)) return `${file.name} is no PNG, JPEG, WebP, GIF or BMP.`;
  if (file.size > PICTURE_BYTES_MAX) return `${file.name} is larger than ${PICTURE_BYTES_MAX / 1e6} MB.`;
  return "";
}

async function addPictures(files) {
  showHint();
  if (chosen() && !chosen().vision) return complain(`${chosen().model} sees no pictures: choose another model.`);
  for (const file of [...files]) {
    const words = objection(file), url = words ? "" : await readUrl(file);
    if (url) pending.push({ name: file.name || "a picture", url });
    else complain(words || `${file.name} cannot be read.`);
  }
  showPending();
}

function pictureToSend(picture) {
  const item = cloned("picture-to-send");
  item.querySelector("img").replaceWith(image(picture));
  const button = item.querySelector("button");
  button.setAttribute("aria-label", `Remove ${picture.name}`);
  button.onclick = () => {
    pending = pending.filter((other) => other !== picture);
    showPending();
    $("message").focus();
  };
  return item;
}

function showPending() {
  $("pictures").hidden = !pending.length;
  $("pictures").replaceChildren(...pending.map(pictureToSend));
}

// ---- what stands around it

function showHint() {
  const blind = chosen() && !chosen().vision;
  $("hint").className = "";
  $("hint").textContent = running ? "Esc stops" : blind ? `${HINT}. ${chosen().model} sees no pictures.` : HINT;
  $("picture").disabled = Boolean(blind);
}

function complain(words) {
  $("hint").className = "bad";
  $("hint").textContent = words;
  announce(words);
}

function showChosen() {
  const sampling = chosen()?.sampling ?? {};
  $("temperature").placeholder = sampling.temperature === undefined ? "" : `${sampling.temperature}, the model's`;
  $("max-tokens").placeholder = sampling.max_tokens === undefined ? "no limit" : `${sampling.max_tokens}, the model's`;
  $("built-in").hidden = chosen()?.model !== "sanctum-smoke";
  showHint();
}

function modelOption({ model, state }) {
  const option = new Option(state === "ready" ? model : `${model} (${state})`, model);
  option.disabled = state !== "ready";
  return option;
}

// A choice stays while its model is there: an engine that restarts has none for a moment.
function showModels(told) {
  const known = (list) => JSON.stringify(list.map((model) => [model.model, model.state, model.vision]));
  if (!told.length || known(told) === known(models)) return;
  const before = $("model").value;
  models = told;
  $("model").replaceChildren(...models.map(modelOption));
  const kept = models.find((model) => model.model === before) || models.find((model) => model.state === "ready") || models[0];
  $("model").value = kept.model;
  showChosen();
}

function showView() {
  const server = location.hash === "#server";
  $("chat").hidden = $("chat-tools").hidden = server;
  $("server").hidden = !server;
  $("to-chat").ariaCurrent = server ? null : "page";
  $("to-server").ariaCurrent = server ? "page" : null;
  document.title = server ? "Server - Sanctum" : "Sanctum";
  scrollTo(0, server ? 0 : document.documentElement.scrollHeight);
}

function key(event) {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.target === $("message")) {
    event.preventDefault();
    send();
  } else if (event.key === "Escape" && $("settings").open) {
    $("settings").open = false;
    $("settings").querySelector("summary").focus();
  } else if (event.key === "Escape") {
    running?.abort();
  }
}

// Files over any part of the page are for the message.
function takeDrops() {
  const holdsFiles = (event) => event.dataTransfer.types.includes("Files");
  const mark = (on) => document.body.classList.toggle("dropping", on);
  addEventListener("dragover", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    mark(true);
  });
  addEventListener("dragleave", (event) => event.relatedTarget || mark(false));
  addEventListener("drop", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    mark(false);
    addPictures(event.dataTransfer.files);
  });
}

function begin() {
  $("composer").onsubmit = (event) => { event.preventDefault(); send(); };
  $("stop").onclick = () => running?.abort();
  $("new").onclick = forget;
  $("model").onchange = showChosen;
  $("picture").onclick = () => $("file").click();
  $("file").accept = PICTURE_TYPES.join();
  $("file").onchange = () => { addPictures($("file").files); $("file").value = ""; };
  $("message").onpaste = (event) => { if (event.clipboardData.files.length) addPictures(event.clipboardData.files); };
  for (const button of $("built-in").querySelectorAll("button"))
    button.onclick = () => { $("message").value = button.textContent; send(); };
  addEventListener("keydown", key);
  addEventListener("hashchange", showView);
  takeDrops();
  showView();
  showHint();
  if (matchMedia("(pointer: fine)").matches && location.hash !== "#server") $("message").focus();
  watchServer((status) => showModels(status.models));
}

begin();
