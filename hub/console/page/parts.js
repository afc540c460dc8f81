// The parts that several views show.

import { h } from "./dom.js";
import { ago, amount, seconds, t } from "./text.js";

// standing gives how a warehouse is: online, late or offline.
export function standing(w) {
  if (!w.online) return "offline";
  return w.freshness === "LIVE" ? "online" : "late";
}

// pill shows how a warehouse is.
export function pill(w) {
  const s = standing(w);
  return h(`span.pill.${s}`, { title: t(`${s}Hint`) }, t(s));
}

// reported marks numbers that the warehouse stated before their history came.
export const reported = (seq) => h("span.reported", { title: t("reportedHint")(seq) }, t("reported"));

// Clock counts ages on from when they were told, so that they need no more
// calls and no right clock in the browser.
export class Clock {
  constructor() { this.told = performance.now(); }
  // since gives an age of the API in seconds by now; null stays null.
  since(duration) {
    const age = seconds(duration);
    return age === null ? null : age + (performance.now() - this.told) / 1000;
  }
}

// age shows how old a warehouse's numbers are, and goes on counting.
export function age(w) {
  const element = h("span.age", { title: w.as_of_time ?? "" });
  element.count = () => {
    const text = ago(w.clock.since(w.age));
    if (element.textContent !== text) element.textContent = text;
  };
  element.count();
  return element;
}

// tick lets every age on the page count on.
export function tick() {
  for (const element of document.querySelectorAll(".age")) element.count?.();
}

// daysTo gives the days until a date of the API, on the platform's calendar as
// far as the browser shares it.
function daysTo(date) {
  const [y, m, d] = date.split("-").map(Number);
  const today = new Date();
  return Math.round((Date.UTC(y, m - 1, d) - Date.UTC(today.getFullYear(), today.getMonth(), today.getDate())) / 86_400_000);
}

// nearDays is how many days before its last one a lot is worth a look.
const nearDays = 3;

// due shows when a lot expires.
export function due(lot) {
  if (lot.expired) return h("span.due.expired", { title: lot.expiry_date }, t("expired"));
  if (!lot.expiry_date) return null;
  const days = daysTo(lot.expiry_date);
  const text = days === 0 ? t("expiresToday") : t("daysLeft")(days);
  return h(`span.due${days <= nearDays ? ".near" : ""}`, { title: lot.expiry_date }, text);
}

// bins names where a lot is.
export const bins = (lot) => lot.bins.map((b) => b.bin || t("dock")).join(" · ");

// chips shows the lots of a level, first expiring first, and how many more there
// are.
export function chips(a, most = 3) {
  const shown = a.lots.slice(0, most).map((lot) => h(`span.chip${lot.expired ? ".bad" : ""}`, { title: `${lot.lot || t("noLot")} · ${bins(lot)}` },
    h("b", null, amount(lot.on_hand, a.unit)), due(lot) ?? h("span.due", null, lot.lot || t("noDate"))));
  if (a.lots.length > most) shown.push(h("span.chip.more", null, `+${a.lots.length - most}`));
  return shown;
}

// title names the item of a level.
export const title = (a, language) => (language === "en" && a.title_en) || a.title || a.title_en;

// empty shows that there is nothing, and what would change that.
export const empty = (what, hint) => h("div.empty", null, h("div.empty-mark", { "aria-hidden": "true" }), h("h2", null, what), h("p", null, hint));

// head names the columns of a table: [key, classes] each.
export const head = (keys) => h("thead", null, h("tr", null, keys.map(([key, classes]) => h(`th${classes ? `.${classes}` : ""}`, { scope: "col" }, t(key)))));

// standingOf gives the looks of a reservation's state.
export const standingOf = { TRIED: "late", CONFIRMED: "online", FULFILLED: "online", SHORTED: "late", CANCELLED: "offline", EXPIRED: "offline" };

// skeleton stands for rows that are on their way.
export const skeleton = (rows = 5) => h("div.skeleton", { "aria-hidden": "true" }, Array.from({ length: rows }, () => h("div")));

// parse takes warehouses/{w}/skus/{s} apart.
export function parse(name) {
  const [, warehouse, , sku] = name.split("/");
  return { warehouse, sku };
}
