// An order while it is picked: where to go, how much of the line is taken, and
// whether a weight fits.

import { $, h, first, latin, show, shape } from "./dom.js";
import { words, zones, fill } from "./words.js";

export function drawOrder(v) {
  const order = v.order;
  const stop = order?.stop ?? null;
  const walking = Boolean(stop) && !stop.there;
  document.body.classList.toggle("walking", walking);
  document.body.classList.toggle("picking", Boolean(order));
  // Bins have names of different lengths; each is as large as the width allows.
  $("ask").style.setProperty("--em", walking ? Math.max(3.2, first(v.ask).length * 0.56) : 1);
  show($("order"), Boolean(order));
  if (!order) return;
  if (walking) $("order").replaceChildren(way(v, stop));
  else if (stop) $("order").replaceChildren(ring(stop.picked, stop.want, stop.high > 0), take(stop));
  else $("order").replaceChildren(ring(order.done, order.lines, false), h("div.take", {}, h("div.name", {}, first(words.allPicked))));
}

function way(v, stop) {
  const then = (v.lines ?? [])[1];
  return h("div.way", {}, zone(stop), h("span.here.num", {}, first(stop.here)), h("span.name", {}, first(stop.name)),
    then ? h("span.then", {}, first(words.then) + " " + first(then.name)) : "");
}

function take(stop) {
  const facts = [[words.lot, stop.lot], [words.expires, stop.expiry]].filter(([, value]) => value);
  return h("div.take", {},
    h("div.name", {}, first(stop.name)),
    h("div.facts", {}, zone(stop), h("b.num", {}, first(stop.bin)), ...facts.map(([label, value]) => h("span", {}, first(label) + " ", h("b.num", {}, value)))),
    stop.none ? h("div.none", {}, first(words.noneInBook)) : h("div.facts", {}, h("span", {}, first(fill(words.here, first(stop.here))))));
}

const zone = (stop) => (zones[stop.zone] ? h("span.zone." + stop.zone, {}, first(zones[stop.zone])) : "");

const kilos = (grams) => (grams / 1000).toFixed(grams % 10 ? 3 : 2);

function ring(n, m, weighed) {
  const share = m > 0 ? Math.min(100, (100 * n) / m) : 0;
  const big = weighed && m >= 1000;
  const text = big ? `${kilos(n)}/${kilos(m)}` : `${n}/${m}`;
  const unit = weighed ? (latin() ? (big ? "kg" : "g") : big ? "公斤" : "克") : "";
  return h("div.ring" + (n >= m ? ".full" : ""), {},
    shape("svg", { viewBox: "0 0 100 100", "aria-hidden": "true" },
      shape("circle", { class: "rest", cx: 50, cy: 50, r: 43 }),
      share > 0 ? shape("circle", { class: "part", cx: 50, cy: 50, r: 43, pathLength: 100, "stroke-dasharray": `${share} 100` }) : ""),
    h("div.count.num" + (text.length > 4 ? ".long" : ""), {}, text, unit ? h("small", {}, unit) : ""));
}

/** The weight on the scale between what is too little and what is too much. */
export function drawTolerance(v, weights, scales) {
  const stop = v.order?.stop;
  const weight = scales.map((d) => weights.get(d.name)).find((w) => w && first(w.text));
  const fits = Boolean(stop) && stop.there && stop.high > 0;
  show($("tolerance"), fits);
  if (!fits) return;
  const net = weight ? weight.grams - stop.tare : 0;
  const end = Math.max(stop.high * 1.3, 1);
  const at = (grams) => Math.max(0, Math.min(100, (100 * grams) / end));
  const off = net - (stop.low + stop.high) / 2;
  const [tone, word] = net < stop.low ? ["look", fill(words.tooLittle, -off)] : net > stop.high ? ["bad", fill(words.tooMuch, off)] : ["good", words.fits];
  const known = Boolean(weight) && net > 0;
  $("tolerance").className = known ? tone : "";
  $("tolerance").replaceChildren(
    shape("svg", { viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" },
      shape("rect", { class: "rest", x: 0, y: 2, width: 100, height: 6 }),
      shape("rect", { class: "band", x: at(stop.low), y: 0, width: Math.max(1, at(stop.high) - at(stop.low)), height: 10 }),
      known ? shape("rect", { class: "mark", x: Math.max(0, at(net) - 0.5), y: 0, width: 1, height: 10 }) : ""),
    h("div.num", {}, h("span", {}, first(fill(words.wanted, stop.low === stop.high ? stop.low : `${stop.low}–${stop.high}`))), known ? h("b", {}, first(word)) : ""));
}
