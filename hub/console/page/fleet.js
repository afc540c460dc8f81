// How every warehouse is.

import { cell, every, fill, h } from "./dom.js";
import { get } from "./hub.js";
import { age, Clock, empty, parse, pill, reported, skeleton, standing } from "./parts.js";
import { moment, number, seconds, span, t } from "./text.js";

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

// progress shows how far the entries have come, and what stands for those that
// have not.
function progress(w) {
  const shown = [h("span", { title: `${t("epoch")} ${w.epoch}` }, number(Number(w.applied_seq)))];
  if (w.reported_seq) shown.push(reported(w.reported_seq));
  else if (w.adopted_seq) shown.push(h("span.dim", { title: t("adoptedHint")(w.adopted_seq) }, " *"));
  return shown;
}

const alarmPill = (a) => h("span.alarm", { title: a.message }, t("alarmNames")[a.reason] ?? a.reason);

function cells(w) {
  return [
    h("th", { scope: "row" }, h("a.name", { href: `#/stock?w=${w.id}` }, w.id)),
    cell(t("state"), "", pill(w)),
    cell(t("asOf"), "num", age(w)),
    cell(t("unsent"), "num", w.unsent ? h("span.warn", null, number(w.unsent)) : h("span.dim", null, "0")),
    cell(t("skus"), "num", number(w.skus)),
    cell(t("entry"), "num", progress(w)),
    cell(t("offset"), "num", offset(w)),
    cell(t("version"), "", h("a.dim.clip", { href: `#/boxes/${w.id}`, title: t("boxes") }, w.software || t("none"))),
    cell(t("alarms"), w.alarms.length ? "" : "quiet-cell", w.alarms.length ? w.alarms.map(alarmPill) : h("span.dim", null, t("none"))),
  ];
}

function tile(value, label, classes) {
  return h(`div.tile${value ? `.${classes}` : ""}`, null, h("b", null, number(value)), h("span", null, label));
}

function tiles(list) {
  const count = (s) => list.filter((w) => standing(w) === s).length;
  const sum = (f) => list.reduce((n, w) => n + f(w), 0);
  return [
    tile(list.length, t("warehouses"), ""),
    tile(count("online"), t("online"), "good"),
    tile(count("late"), t("late"), "fair"),
    tile(count("offline"), t("offline"), "poor"),
    tile(sum((w) => w.unsent), t("unsentAll"), "fair"),
    tile(sum((w) => w.alarms.length), t("alarmsAll"), "poor"),
  ];
}

// queue lists what an operator should look into, with what to do about it.
const queue = (list) => list.flatMap((w) => w.alarms.map((a) => h("li", null,
  alarmPill(a), h("a.name", { href: `#/stock?w=${w.id}` }, w.id),
  a.since_time ? h("span.dim", null, moment(a.since_time)) : null,
  h("p", { title: a.message }, t("alarmHints")[a.reason]?.(w) ?? a.message))));

// troubled puts what needs an operator first.
const rank = { offline: 0, late: 1, online: 2 };
const troubled = (a, b) => (b.alarms.length > 0) - (a.alarms.length > 0) || rank[standing(a)] - rank[standing(b)] || (a.id < b.id ? -1 : 1);

// look is what a row shows besides its age, which counts on by itself.
const look = (w) => JSON.stringify([w.online, w.freshness, w.unsent, w.skus, w.applied_seq, w.epoch, w.clock_offset, w.software, w.alarms, w.reported_seq, w.adopted_seq]);

class Fleet {
  constructor(view, page) {
    Object.assign(this, { view, page });
    this.rows = new Map(); // by warehouse
    this.tiles = h("section.tiles");
    this.queue = h("ul.queue.card", { hidden: true, "aria-label": t("alarms") });
    this.body = h("tbody");
    const heads = [["warehouse"], ["state"], ["asOf", "num"], ["unsent", "num"], ["skus", "num"], ["entry", "num"], ["offset", "num"], ["version"], ["alarms"]];
    this.table = h("div.card", null, h("table.list.fleet", null,
      h("thead", null, h("tr", null, heads.map(([key, classes]) => h(`th${classes ? `.${classes}` : ""}`, { scope: "col" }, t(key))))), this.body));
    fill(view, h("h1", null, t("fleet")), skeleton());
  }

  async refresh() {
    try {
      this.show(await warehouses(this.page.signal));
      this.page.failed(null);
      this.page.state("live");
    } catch (err) {
      this.page.failed(err);
      this.page.state("lost");
    }
  }

  show(list) {
    if (!list.length) {
      fill(this.view, h("h1", null, t("fleet")), empty(t("noWarehouses"), t("noWarehousesHint")));
      return;
    }
    if (!this.table.isConnected) fill(this.view, h("h1", null, t("fleet")), this.tiles, this.queue, this.table);
    list.sort(troubled);
    fill(this.tiles, tiles(list));
    this.put(this.queue, queue(list));
    this.queue.hidden = !this.queue.firstElementChild;
    const rows = list.map((w) => this.row(w));
    // What has the focus keeps it: rows move only when their order changed.
    if (rows.some((row, i) => row !== this.body.children[i]) || rows.length !== this.body.children.length) fill(this.body, rows);
  }

  // put replaces a list only when it reads differently, so that a text can be
  // selected and a hint stays open.
  put(element, children) {
    if (children.map((c) => c.textContent).join() !== [...element.children].map((c) => c.textContent).join()) fill(element, children);
  }

  row(w) {
    const known = this.rows.get(w.id);
    if (known?.look === look(w)) {
      Object.assign(known.warehouse, w); // its age counts from here
      return known.element;
    }
    const element = known?.element ?? h("tr", { data: { warehouse: w.id } });
    const focused = element.contains(document.activeElement);
    fill(element, cells(w));
    if (focused) element.querySelector("a").focus();
    this.rows.set(w.id, { warehouse: w, look: look(w), element });
    return element;
  }
}

export function fleet(view, _, page) {
  const shown = new Fleet(view, page);
  page.state("connecting");
  every(2000, page.signal, () => shown.refresh());
}
