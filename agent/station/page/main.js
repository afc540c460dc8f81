// The scan station. It shows what the agent says and sends what people do; it
// decides nothing and keeps nothing.

import { $, h, icon, first, setEnglish } from "./dom.js";
import { words } from "./words.js";
import { Agent } from "./agent.js";
import { Speaker } from "./sound.js";
import * as speech from "./speech.js";
import { Wedge } from "./wedge.js";
import * as draw from "./view.js";
import { drawOrder, drawTolerance } from "./order.js";
import * as top from "./status.js";
import { drawBanners } from "./banner.js";
import * as panel from "./panel.js";
import { openPair } from "./pair.js";
import { openDevices } from "./devices.js";

const wanted = new URLSearchParams(location.search).get("station") ?? "";
const weights = new Map(); // by scale

let view = null;
let status = null;
let allowed = true; // this browser may change something
let padOpen = false; // somebody opened the keypad
let ahead = 0; // ms by which the agent's clock is ahead of ours
let flashed = null; // number of the last flash that was shown; null before the first view

const speaker = new Speaker(() => top.drawSound(speaker));
const agent = new Agent(wanted, { view: onView, weight: onWeight, status: onStatus, lost: onLost });
new Wedge({ code: (code) => send(agent.scan(code)), typed: (text) => $("typed").replaceChildren(text ? "⌨ " + text : "") });

function onView(v) {
  const scanned = view && v.last.code !== view.last.code;
  const before = view;
  view = v;
  if (scanned && !v.pad) padOpen = false;
  if (setEnglish(v.english) && status) drawTop();
  drawAll();
  flash(v.flash);
  if (before && !v.english) speaker.say(speech.words(v, before));
}

function drawAll() {
  draw.drawMode(view);
  draw.drawQuestion(view);
  drawOrder(view);
  draw.drawEntry(view);
  draw.drawNote(view);
  draw.drawGoods(view);
  draw.drawLabel(view, status);
  draw.drawLines(view);
  draw.drawFound(view);
  draw.drawAlert(view);
  draw.drawBottom(view);
  drawKeys();
  draw.drawIdle(view, Date.now() + ahead);
  drawWeights();
  top.drawLang(view.english);
  top.drawSound(speaker);
}

let drawnFor = ""; // the size of the window that the keys were drawn for

function drawKeys() {
  drawnFor = `${innerWidth} ${innerHeight}`;
  draw.drawKeys(view, padOpen || view.pad, allowed);
}

async function askAllowed() {
  const p = await agent.get("/api/pair").catch(() => null);
  if (!p || p.allowed === allowed) return;
  allowed = p.allowed;
  if (view) drawAll();
  if (status) drawTop();
}

function drawTop() {
  top.drawStatus(status, view.station);
  drawBanners(status, view.english, allowed);
}

function drawWeights() {
  if (!status || !view) return;
  const mine = top.ofStation(status.devices, view.station);
  draw.drawWeights(weights, mine, view.tare);
  drawTolerance(view, weights, mine.filter((d) => d.kind === "scale"));
}

function onWeight(w) {
  weights.set(w.device, w);
  drawWeights();
}

function onStatus(s) {
  status = s;
  ahead = Date.parse(s.time) - Date.now();
  if (!view) return;
  draw.drawIdle(view, Date.now() + ahead);
  drawTop();
  drawWeights();
  panel.refresh();
}

function onLost(lost) {
  document.body.classList.toggle("lost", lost);
  $("lost").hidden = !lost;
  if (!lost) askAllowed();
  if (lost) {
    weights.clear(); // what is not known now is not shown
    drawWeights();
  }
  $("lost").textContent = first(words.lost);
}

// Each flash is shown and sounded once; a page that was just opened shows none.
function flash(f) {
  const known = flashed;
  flashed = f.n;
  if (known === null || f.n === known || !f.tone) return; // an agent that began anew has flashed nothing
  speaker.play(f.sound);
  const kind = f.sound === "undone" ? "undone" : f.tone;
  if (f.sound === "heard" || f.sound === "tick" || f.tone === "info") return;
  const box = $("flash");
  box.className = "";
  void box.offsetWidth; // starts the animation again
  const word = first(f.word);
  box.style.setProperty("--em", 1.1 + [...word].reduce((n, c) => n + (c > "\u2e80" ? 1 : 0.58), 0)); // how wide it is
  box.replaceChildren(icon(f.sound === "undone" ? "undone" : f.tone), h("span", {}, word));
  box.className = "on " + kind;
}

async function send(promise) {
  try {
    const answer = await promise;
    if (answer?.error?.reason === "NOT_PAIRED") askAllowed();
  } catch {
    $("typed").replaceChildren(first(words.notSent));
  }
}

const pair = () => openPair(agent, view.station, askAllowed);

function press(name) {
  if (name === "pad") {
    padOpen = !padOpen;
    return drawKeys();
  }
  if (name === "pair") return pair();
  if (name === "find") return panel.openSearch(agent);
  if (name === "more") return panel.openMore(draw.hidden.map(draw.workKey), doors());
  if (name === "ok") padOpen = false;
  send(agent.key(name));
}

const openStatus = () => status && openDevices(agent, () => status, view?.station, allowed);
const openStations = async () => panel.openStations((await agent.get("/api/stations")).stations, view?.station);
const turnSound = () => (speaker.ready || speaker.muted ? speaker.toggle() : top.drawSound(speaker));
const turnLanguage = () => send(agent.key("lang"));

// What stands behind "more", beside the keys that did not fit.
const doors = () => [
  ...(allowed ? [["find", words.search, () => panel.openSearch(agent)]] : [["key", words.pair, pair]]),
  ["scanner", words.devices, openStatus],
  ["wall", words.wall, () => location.assign("/wall")],
  ["place", words.stations, openStations],
  ["sound", words.sound, turnSound],
  ["speech", speaker.speaks ? words.speechOff : words.speechOn, () => speaker.toggleSpeech()],
  ["info", { zh: "English", en: "中文" }, turnLanguage],
];

for (const id of ["keys", "panel-body"]) $(id).addEventListener("click", (e) => {
  const button = e.target.closest("[data-key]");
  if (!button) return;
  button.blur(); // so that a scanner's Enter does not press it again
  if (id === "panel-body") $("panel").close();
  press(button.dataset.key);
});
for (const id of ["link", "disk", "devices"]) $(id).addEventListener("click", openStatus);
$("who").addEventListener("click", openStations);
$("sound").addEventListener("click", turnSound);
$("lang").addEventListener("click", turnLanguage);
$("flash").addEventListener("animationend", () => ($("flash").className = ""));
window.addEventListener("resize", () => view && drawKeys());
panel.setUp();

// For tests: what was played and said, and whether the page has drawn a view.
window.forestock = { played: () => speaker.played, said: () => speaker.said, fluent: () => speaker.fluent, speech, fits: () => drawnFor === `${innerWidth} ${innerHeight}`, drawn: () => view !== null };
