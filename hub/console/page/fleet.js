// How every warehouse is.

import { cell, every, fill, h } from "./dom.js";
import { get } from "./hub.js";
import { age, Clock, empty, parse, pill, skeleton, standing } from "./parts.js";
import { number, seconds, span, t } from "./text.js";

// warehouses gets all of them, page by page.
export async function warehouses(signal) {
  const all = [];
  let page_token = "";
  do {
    const answer = await get("/v1/warehouses", { page_size: 1000, page_token }, signal);
    const clock = new Clock();
    for (const w of answer.warehouses) all.push({ ...w, clock, id: parse(w.name).warehouse });
    page_token = answer.next_page_token;
  } while (page_token);
  return all;
}

// offsetShown is the clock offset from which on it is worth a look, in seconds.
const offsetShown = 2;

function offset(w) {
  const s = seconds(w.clock_offset);
  if (s === null) return h("span.dim", null, t("none"));
  return h(Math.abs(s) >= offsetShown ? "span.warn" : "span.dim", null, `${s < 0 ? "−" : "+"}${span(s)}`);
}

const alarms = (w) => w.alarms.map((a) => h("span.alarm", { title: a.message, tabindex: 0 }, t(a.reason) ?? a.reason));

function row(w) {
  return h("tr", { data: { warehouse: w.id } },
    h("th", { scope: "row" }, h("a.name", { href: `#/stock?w=${w.id}` }, w.id)),
    cell(t("state"), "", pill(w)),
    cell(t("asOf"), "num", age(w)),
    cell(t("unsent"), "num", w.unsent ? h("span.warn", null, number(w.unsent)) : h("span.dim", null, "0")),
    cell(t("skus"), "num", number(w.skus)),
    cell(t("entry"), "num", h("span", { title: `${t("epoch")} ${w.epoch}` }, number(Number(w.applied_seq)))),
    cell(t("offset"), "num", offset(w)),
    cell(t("version"), "", h("span.dim.clip", { title: w.software }, w.software || t("none"))),
    cell(t("alarms"), w.alarms.length ? "" : "quiet-cell", w.alarms.length ? alarms(w) : h("span.dim", null, t("none"))));
}

function tile(value, label, classes) {
  return h(`div.tile${value ? `.${classes}` : ""}`, null, h("b", null, number(value)), h("span", null, label));
}

function summary(list) {
  const count = (s) => list.filter((w) => standing(w) === s).length;
  const sum = (f) => list.reduce((n, w) => n + f(w), 0);
  return h("section.tiles", null,
    tile(list.length, t("warehouses"), ""),
    tile(count("online"), t("online"), "good"),
    tile(count("late"), t("late"), "fair"),
    tile(count("offline"), t("offline"), "poor"),
    tile(sum((w) => w.unsent), t("unsentAll"), "fair"),
    tile(sum((w) => w.alarms.length), t("alarmsAll"), "poor"));
}

function table(list) {
  const heads = [["warehouse"], ["state"], ["asOf", "num"], ["unsent", "num"], ["skus", "num"], ["entry", "num"], ["offset", "num"], ["version"], ["alarms"]];
  return h("div.card", null, h("table.list.fleet", null,
    h("thead", null, h("tr", null, heads.map(([key, classes]) => h(`th${classes ? `.${classes}` : ""}`, { scope: "col" }, t(key))))),
    h("tbody", null, list.map(row))));
}

// troubled puts what needs an operator first.
const rank = { offline: 0, late: 1, online: 2 };
const troubled = (a, b) => (b.alarms.length > 0) - (a.alarms.length > 0) || rank[standing(a)] - rank[standing(b)] || (a.id < b.id ? -1 : 1);

export function fleet(view, _, page) {
  fill(view, h("h1", null, t("fleet")), skeleton());
  const refresh = async () => {
    try {
      const list = await warehouses(page.signal);
      page.failed(null);
      page.state("live");
      const focus = document.activeElement?.closest?.("tr")?.dataset.warehouse;
      fill(view, h("h1", null, t("fleet")), list.length
        ? [summary(list), table(list.sort(troubled))]
        : empty(t("noWarehouses"), t("noWarehousesHint")));
      if (focus) view.querySelector(`tr[data-warehouse="${focus}"] a`)?.focus();
    } catch (err) {
      page.failed(err);
      page.state("lost");
    }
  };
  page.state("connecting");
  every(2000, page.signal, refresh);
}
