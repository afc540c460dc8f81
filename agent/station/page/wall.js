// The wall board: what waits, what is missing, what ends soon, and what is
// wrong. Nobody touches it; it asks every two seconds and says when it is old.

import { $, h, icon, both, first, second, setEnglish, show } from "./dom.js";
import { words, states, fill } from "./words.js";
import { drawLink, drawDisk } from "./status.js";

const every = 2000; // ms between questions
const patience = 7000; // ms without an answer until the board says that it is old
const oldAfter = 10; // minutes an order may wait before it turns amber
const near = 10; // minutes before its promise at which an order turns amber

const english = new URLSearchParams(location.search).get("lang") === "en";
setEnglish(english);
$("lang").href = english ? "/wall" : "/wall?lang=en";
$("lang").replaceChildren(english ? "中文" : "EN");

let heard = performance.now();
let drawn = false;

async function ask() {
  try {
    const answer = await fetch("/api/wall", { signal: AbortSignal.timeout(every * 2) });
    draw(await answer.json());
    heard = performance.now();
    drawn = true;
  } catch {
    // the line below says so
  }
  const lost = performance.now() - heard > patience;
  show($("lost"), lost);
  document.body.classList.toggle("lost", lost);
  $("lost").textContent = first(words.lost);
  setTimeout(ask, every);
}

function draw({ board, status }) {
  const now = Date.parse(status.time);
  $("mode").replaceChildren(h("span", {}, status.warehouse), h("span.other", {}, first(words.wall)));
  $("clock").textContent = new Date(now).toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit", hour12: false });
  drawLink(status);
  drawDisk(status.disk);
  $("figures").replaceChildren(...figures(board, now));
  $("orders").replaceChildren(head(words.orders, board.waiting + board.picking), orders(board, now));
  $("side").replaceChildren(
    head(words.shorts, board.shorts), list(board.counts, (c) => [first(c.name), first(c.bin), clock(c.since)], words.noShorts),
    head(words.ending, board.near + board.expired), list(board.ending, (s) => [`${first(s.name)} ${first(s.quantity)}`, first(s.bin), h("span.left." + s.tone, {}, first(s.left))], words.noEnding),
    head(words.devices, ""), list(status.devices.filter((d) => d.state !== "ready"), device, words.allReady),
    head(words.staff, ""), list(board.staff.filter((s) => s.person), (s) => [s.person, s.station, first(s.mode_name)], words.nobodyHere));
}

const minutes = (from, to) => Math.max(0, Math.floor((to - Date.parse(from)) / 60000));
const clock = (time) => new Date(time).toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit", hour12: false });

function figures(b, now) {
  const age = b.oldest ? minutes(b.oldest, now) : 0;
  return [
    figure(words.waiting, b.waiting, b.waiting ? "" : "good"),
    figure(words.oldest, b.oldest ? first(fill(words.minutes, age)) : "—", age >= oldAfter ? "look" : ""),
    figure(words.late, b.late, b.late ? "bad" : "good"),
    figure(words.picking, b.picking, ""),
  ];
}

function figure(name, value, tone) {
  return h("div.figure" + (tone ? "." + tone : ""), {}, h("b.num", {}, String(value)), h("span", {}, tone === "bad" ? icon("bad") : tone === "look" ? icon("look") : "", ...both(name)));
}

function orders(b, now) {
  if (!b.orders.length) return h("p.none", {}, icon("good"), first(words.noOrders));
  const more = b.waiting + b.picking - b.orders.length;
  return h("ol", {}, ...b.orders.map((o) => order(o, now)), more > 0 ? h("li.rest", {}, first(fill(words.andMore, more))) : "");
}

function order(o, now) {
  const left = o.due ? Math.floor((Date.parse(o.due) - now) / 60000) : null;
  const tone = left === null ? "" : left < 0 ? "bad" : left < near ? "look" : "";
  const when = left === null ? fill(words.waited, minutes(o.confirmed, now)) : left < 0 ? fill(words.lateBy, -left) : fill(words.dueIn, left);
  return h("li" + (tone ? "." + tone : ""), {},
    h("b", {}, o.ref), h("span.who", {}, o.station ? icon("person") : "", o.station ? `${o.person || ""} ${o.station}`.trim() : ""),
    h("span.num", {}, `${o.done}/${o.lines}`), h("span.when.num", {}, tone === "bad" ? icon("bad") : tone === "look" ? icon("look") : "", first(when)));
}

const head = (name, n) => h("h2", {}, first(name), second(name) ? h("span.other", {}, second(name)) : "", n === "" ? "" : h("b.num", {}, String(n)));

function list(rows, cells, nothing) {
  if (!rows.length) return h("p.none", {}, icon("good"), first(nothing));
  return h("ul", {}, ...rows.slice(0, 5).map((r) => {
    const [name, where, what] = cells(r);
    return h("li", {}, h("b", {}, name), h("span", {}, where), h("span.what", {}, what));
  }), rows.length > 5 ? h("li.rest", {}, first(fill(words.andMore, rows.length - 5))) : "");
}

function device(d) {
  const state = states[d.state] ?? { zh: d.state, en: d.state, tone: "look" };
  return [d.name, d.station, h("span.left." + state.tone, {}, first(state))];
}

ask();

// For tests: whether the board has drawn an answer.
window.forestock = { drawn: () => drawn };
