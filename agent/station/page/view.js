// Draws what the agent says. One function per part of the screen.

import { $, h, icon, both, first, second, latin, show } from "./dom.js";
import { words, states, fill } from "./words.js";

const modes = new Set(["receive", "putaway", "pick", "waste", "count", "move", "return", "transfer-out", "transfer-in", "look-up"]);

export function drawMode(v) {
  document.body.dataset.mode = v.mode;
  $("mode").replaceChildren(
    h("span", {}, first(v.mode_name)),
    second(v.mode_name) ? h("span.other", {}, second(v.mode_name)) : "",
    v.document ? h("span.place.num", {}, v.document) : "",
    v.order ? h("span.place.num", {}, `${v.order.ref || v.order.id}  ${v.order.done}/${v.order.lines}`) : "",
    v.place ? h("span.place", {}, first(v.place.name)) : "",
  );
  const who = v.operator ? [words.badge, v.person || v.operator] : [words.nobody, ""];
  $("who").replaceChildren(icon("person"), h("span", {}, who[1] || first(who[0]), h("small", {}, v.station)));
}

export function drawQuestion(v) {
  const other = second(v.ask);
  $("ask").replaceChildren(h("span.main" + (latin() ? ".latin" : ""), {}, first(v.ask)), other ? h("span.other", {}, other) : "");
  $("next").replaceChildren(...both(v.next));
  document.body.classList.toggle("finding", Boolean(v.found));
  document.body.classList.toggle("wanted", v.keys.some((k) => k.button === "tare"));
}

export function drawEntry(v) {
  show($("entry"), v.entry !== "" || v.times > 0);
  $("entry").replaceChildren(h("span.num", {}, v.entry || "×" + v.times));
}

export function drawNote(v) {
  show($("note"), Boolean(v.note) && v.note.tone !== "bad" && !["", first(v.ask)].includes(first(v.note.text)));
  if (!v.note) return;
  $("note").className = v.note.tone + (v.note.moved ? " moved" : "");
  $("note").replaceChildren(icon(v.note.moved ? "moved" : v.note.tone), h("b", {}, first(v.note.word)), h("span", {}, ...both(v.note.text)));
}

function fact(label, value) {
  return value ? h("span", {}, first(label) + " ", h("b.num", {}, value)) : "";
}

export function drawGoods(v) {
  const g = v.order ? null : v.goods; // an order tells its own goods
  show($("goods"), Boolean(g));
  if (!g) return;
  $("goods").replaceChildren(
    h("div", {},
      h("div.name", {}, ...both(g.name)),
      h("div.facts", {}, fact(words.lot, g.lot), fact(words.expires, g.expiry), fact(words.produced, g.produced), fact(words.home, first(g.home)))),
    h("div.qty.num", {}, first(g.quantity)),
  );
}

export function drawLines(v) {
  const lines = v.lines ?? [];
  show($("lines"), lines.length > 0);
  const choosing = v.pad && lines.length > 1 && lines.every((l) => first(l.quantity) === "");
  document.body.classList.toggle("choosing", choosing);
  $("lines").replaceChildren(h("ol", {}, ...lines.map((l, i) => h("li", {},
    choosing ? h("span.no", {}, String(i + 1)) : "",
    h("span", {}, first(l.name)), !choosing && l.lot ? h("span.other", {}, l.lot) : "", h("b.num", {}, first(l.quantity))))));
}

/** A label that no printer takes is shown, to be scanned off the screen. */
export function drawLabel(v, status) {
  const l = v.label;
  const printer = (status?.devices ?? []).find((d) => d.kind === "printer" && ["", v.station].includes(d.station));
  const printed = ["ready", "printing"].includes(printer?.state);
  const key = l ? `${l.code} ${v.flash.n} ${printed}` : "";
  show($("label"), Boolean(l));
  document.body.classList.toggle("labelled", Boolean(l) && !printed);
  if (!l || $("label").dataset.key === key) return;
  $("label").dataset.key = key;
  $("label").className = l.kind;
  const title = h("div.title", {}, icon("printer"), h("b", {}, first(l.title)), l.copies > 1 ? ` ×${l.copies}` : "");
  if (printed) return $("label").replaceChildren(title);
  const query = new URLSearchParams({ station: v.station, v: key });
  $("label").replaceChildren(h("img", { src: "/api/label?" + query, alt: first(l.title) }), title);
}

/** Counts down to the moment when the station falls back to look-up. */
export function drawIdle(v, now) {
  const left = v.idle_at ? Math.ceil((Date.parse(v.idle_at) - now) / 1000) : Infinity;
  show($("idle"), left <= 60);
  if (left > 60) return;
  $("idle").className = left <= 15 ? "soon" : "";
  $("idle").replaceChildren(first(fill(words.idle, Math.max(0, left))));
}

const clock = new Intl.DateTimeFormat("zh-CN", { month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit", hour12: false });

export function drawFound(v) {
  show($("found"), Boolean(v.found));
  const f = v.found;
  if (!f) return;
  const title = first(f.title);
  $("found").replaceChildren(
    h("div.head", {}, h("h2", {}, ...both(f.title)), h("div.total.num", {}, first(f.total))),
    h("div.sub", {}, first(f.sub)),
    f.facts?.length ? h("div.facts", {}, ...f.facts.map((x) => h("div." + x.tone, {}, first(x.name), h("b.num", {}, first(x.value))))) : "",
    h("table", {}, h("tbody", {}, ...(f.cells ?? []).map((c) => cellRow(c, title)))),
    f.cells?.length ? "" : h("p.sub", {}, first(words.empty)),
    f.history?.length ? h("h3", {}, first(words.history)) : "",
    f.history?.length ? h("ol.history", {}, ...f.history.map(historyRow)) : "",
  );
}

// A look-up of an item tells the bins, one of a bin tells the items.
function cellRow(c, title) {
  const name = first(c.name) === title ? first(c.bin) : first(c.name);
  return h("tr", {},
    h("td", {}, name),
    h("td.lot", {}, c.lot ?? "", c.lot && c.expiry ? " · " : "", h("span.num", {}, c.expiry ?? "")),
    h("td", {}, first(c.left) ? h("span.left." + c.tone, {}, first(c.left)) : ""),
    h("td.num", {}, first(c.quantity)));
}

function historyRow(m) {
  return h("li", {},
    h("time.num", {}, clock.format(new Date(m.time))),
    h("span", {}, first(m.kind)), h("span.where", {}, first(m.where), m.who ? " · " + m.who : ""),
    h("b.num", {}, first(m.quantity)));
}

export function drawAlert(v) {
  show($("alert"), Boolean(v.alert));
  const a = v.alert;
  if (!a) return;
  const stop = { zh: "停", en: "Stop" };
  $("alert").replaceChildren(
    h("div.word", {}, icon("bad"), h("span", {}, first(stop)), h("span.other", {}, second(stop))),
    h("div.message", {}, ...both(a.message)),
    h("div.hint", {}, ...both(a.hint)),
    a.more ? h("div.more", {}, first(fill(words.unread, a.more))) : "",
  );
}

export function drawBottom(v) {
  const l = v.last;
  const what = first(l.what);
  $("last").replaceChildren(
    icon("scanner"),
    h("span.what", {}, what || l.code || first(words.nothing)),
    l.times > 1 ? h("span.times.num", {}, "×" + l.times) : "",
    what ? h("span.code", {}, l.code) : "");
  $("doubles").replaceChildren(l.doubles ? first(fill(words.doubles, l.doubles)) : "");
  $("tally").replaceChildren(v.tally.actions ? first(v.tally.text) : "");
}

const digits = ["1", "2", "3", "back", "4", "5", "6", "0", "7", "8", "9", "ok"];
const digitsUpright = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "back", "0", "ok"];

const upright = () => matchMedia("(max-aspect-ratio: 1/1)").matches;

/** How many keys fit without scrolling, and leave room for the question. */
function room(v) {
  if (upright()) return v.mode === "look-up" ? 9 : 6;
  if (document.body.classList.contains("walking")) return 7;
  const key = parseFloat(getComputedStyle($("keys")).gridAutoRows);
  return 3 * Math.max(3, Math.floor(($("keys").parentElement.clientHeight - 8) / (key + 8)));
}

/** The keys that did not fit; the panel behind "more" has them. */
export let hidden = [];

/** The keys that make sense now; drawn anew only when they change, so that a finger always meets the key it saw. */
export function drawKeys(v, padOpen, allowed) {
  padOpen &&= allowed;
  document.body.classList.toggle("padded", padOpen);
  if (!allowed) {
    hidden = [];
    return setKeys("", [key("pair", words.pair, "main"), key("more", words.more, "quiet")]);
  }
  if (v.alert) return setKeys("alert", [key("ok", { zh: "知道了", en: "OK" }, "main")]);
  if (padOpen) {
    return setKeys("pad", (upright() ? digitsUpright : digits).map((d) => digit(d, v)));
  }
  const keys = [...v.keys];
  if (v.mode !== "look-up") {
    const factors = keys.findIndex((k) => /^x\d/.test(k.button)); // the keypad does what they do
    keys.splice(upright() && factors >= 0 ? factors : keys.length, 0, { button: "pad", name: words.keypad });
  }
  const fits = room(v) - 1; // the last one is "more"
  hidden = keys.splice(fits);
  setKeys("", [...keys.map(workKey), key("more", words.more, "quiet")]);
}

export const workKey = (k) => key(k.button, k.name, k.main ? "main" : modes.has(k.button) ? "mode-key" : ["cancel", "pad"].includes(k.button) ? "quiet" : "");

function digit(d, v) {
  if (d === "back") return v.entry || v.pad ? key("back", { zh: "⌫", en: "⌫" }, "quiet", "digit") : key("pad", { zh: "✕", en: "✕" }, "quiet", "digit");
  if (d === "ok") return key("ok", { zh: "确认", en: "OK" }, v.entry ? "main" : "quiet");
  return key(d, { zh: d, en: d }, "digit");
}

function key(name, text, ...classes) {
  return h(["button", "key", ...classes.filter(Boolean)].join("."), { type: "button", "data-key": name }, ...both(text));
}

function setKeys(shape, keys) {
  const box = $("keys");
  const fresh = h("div", {}, ...keys);
  if (box.className === shape && box.innerHTML === fresh.innerHTML) return;
  box.className = shape;
  box.replaceChildren(...fresh.childNodes);
}

/** What the scales of this station show. A weight that is old or gone is not shown as one. */
export function drawWeights(weights, devices, tare) {
  const scales = devices.filter((d) => d.kind === "scale");
  show($("weight"), scales.length > 0);
  $("weight").replaceChildren(...scales.map((d) => panRow(d, weights.get(d.name))), tare && first(tare) ? h("span.tare", {}, first(tare)) : "");
}

function panRow(d, w) {
  const state = states[d.state] ?? { zh: d.state, en: d.state, tone: "look" };
  if (d.state !== "ready") return h("div.pan", {}, icon("scale"), h("span.value", {}, "——"), h("span.state." + state.tone, {}, first(state)));
  if (w?.fault && first(w.fault)) return h("div.pan", {}, icon("scale"), h("span.value", {}, "——"), h("span.state.bad", {}, first(w.fault)));
  if (!w || !first(w.text)) return h("div.pan", {}, icon("scale"), h("span.value", {}, "——"), h("span.state.look", {}, first(words.gone)));
  return h("div.pan", {}, icon("scale"), h("span.value.num", {}, first(w.text)),
    h("span.state." + (w.settled ? "good" : "look"), {}, first(w.settled ? words.stable : words.moving)));
}
