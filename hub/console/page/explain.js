// What one number is made of, down to the raw bytes of scanner and scale.

import { cell, every, fill, flash, h } from "./dom.js";
import { get, watch } from "./hub.js";
import { age, bins, Clock, due, empty, pill, reported, skeleton, title } from "./parts.js";
import { amount, language, moment, number, reason, signed, span, t } from "./text.js";

const pageSize = 50;

// lateSeconds is the delay from which on an entry was not sent at once.
const lateSeconds = 5;

function equation(a) {
  const term = (sign, key, value) => h(`div.term${value ? "" : ".zero"}`, null, h("i", null, sign), h("b", null, amount(value, a.unit)), h("span", null, t(key)));
  const raw = a.on_hand - a.unavailable - a.held - a.committed - a.safety - a.buffer;
  return h("section.equation.card", null,
    h("div.term.result", { title: raw < 0 ? t("floor") : "" }, h("b", null, amount(a.sellable, a.unit)), h("span", null, t("sellable"), a.closed ? ` · ${t("closed")}` : raw < 0 ? ` · ${t("floor")}` : "")),
    term("=", "onHand", a.on_hand), term("−", "unavailable", a.unavailable), term("−", "held", a.held),
    term("−", "committed", a.committed), term("−", "safety", a.safety), a.buffer ? term("−", "buffer", a.buffer) : null);
}

function lots(a) {
  if (!a.lots.length) return null;
  return h("section.card", null, h("table.list.lots-table", null,
    h("thead", null, h("tr", null, [["lot"], ["onHand", "num"], ["expiry"], ["produced"], ["bin"]].map(([key, c]) => h(`th${c ? `.${c}` : ""}`, { scope: "col" }, t(key))))),
    h("tbody", null, a.lots.map((lot) => h("tr", null,
      h("th", { scope: "row" }, lot.lot || h("span.dim", null, t("noLot"))),
      cell(t("onHand"), "num", amount(lot.on_hand, a.unit)),
      cell(t("expiry"), "wide-cell", lot.expiry_date || h("span.dim", null, t("noDate")), " ", due(lot)),
      cell(t("produced"), "", lot.produced_date || h("span.dim", null, t("none"))),
      cell(t("bin"), "wide-cell", bins(lot)))))));
}

// evidence shows the bytes as they came off the wire.
function evidence(m) {
  const line = (key, text) => text && h("div.bytes", null, h("span", null, t(key)), h("code", null, text));
  return [line("scan", m.scan_text), line("frame", m.frame_text)];
}

function when(m) {
  const late = m.time && m.stored_time ? (new Date(m.stored_time) - new Date(m.time)) / 1000 : 0;
  return [h("span", { title: m.time }, moment(m.time || m.stored_time)), late >= lateSeconds ? h("span.sub", { title: m.stored_time }, t("storedAfter")(span(late))) : null];
}

function what(m, unit) {
  const notes = [
    m.count && t("counted")(amount(m.count.counted, unit), amount(m.count.seen, unit)),
    m.undoes_seq && t("undoes")(m.undoes_seq), m.reason,
  ].filter(Boolean);
  return [h(`span.kind.${m.kind}`, null, t("kinds")[m.kind] ?? m.kind), notes.map((n) => h("span.sub", null, n))];
}

const place = (m) => [m.to_bin ? `${m.bin || t("dock")} → ${m.to_bin}` : m.bin || t("dock"), m.lot && h("span.sub", null, m.lot)];

function entry(m, unit) {
  const moved = m.to_bin !== "";
  return h("tr", { data: { seq: m.seq, epoch: m.epoch } },
    cell(t("entry"), "num.seq", h("span", { title: `${t("epoch")} ${m.epoch}\n${t("command")} ${m.command}` }, number(Number(m.seq)))),
    cell(t("time"), "keep.wide-cell", when(m)),
    cell(t("kind"), "what", what(m, unit)),
    cell(t("change"), `num.${moved || !m.delta ? "still" : m.delta > 0 ? "plus" : "minus"}`, moved ? amount(-m.delta, unit) : signed(m.delta, unit)),
    cell(t("after"), "num.strong", amount(m.on_hand_after, unit)),
    cell(t("where"), "keep.wide-cell", place(m)),
    cell(t("who"), "keep.wide-cell", m.operator || h("span.dim", null, t("none")), h("span.sub", null, [m.station, m.device].filter(Boolean).join(" · "))),
    cell(t("document"), `keep.wide-cell${m.document ? "" : ".quiet-cell"}`, m.document || h("span.dim", null, t("none")), m.line && h("span.sub", null, m.line)),
    cell(t("evidence"), `evidence${m.scan_text || m.frame_text ? "" : ".quiet-cell"}`, evidence(m)));
}

class Explain {
  constructor(view, [warehouse, sku], page) {
    Object.assign(this, { view, page, warehouse, sku, path: `/v1/warehouses/${warehouse}/skus/${sku}` });
    this.head = h("header.explain-head");
    this.numbers = h("div.numbers", null, skeleton(2));
    this.body = h("tbody");
    this.end = h("div.end");
    this.history = h("section", null, skeleton(6));
    this.back = h("a.back", { href: `#/stock?w=${warehouse}` }, `← ${warehouse}`);
    fill(view, this.back, this.head, this.numbers,
      h("h2", null, t("explain")), h("p.dim", null, t("explainHint")), this.history);
  }

  async run() {
    try {
      this.show(await get(`${this.path}/availability`, null, this.page.signal));
      await this.newest();
    } catch (err) {
      if (this.page.signal.aborted) return;
      fill(this.view, this.back, empty(reason(err), `${this.warehouse} · ${this.sku}`));
      if (err.status !== 404) this.page.failed(err);
      return;
    }
    every(2000, this.page.signal, () => this.freshen());
    watch({ warehouses: this.warehouse, skus: this.sku }, {
      state: this.page.state, warehouse: () => this.freshen(),
      availability: (a) => { if (this.show(a)) this.newest(); },
    }, this.page.signal);
  }

  async freshen() {
    try {
      const w = await get(`/v1/warehouses/${this.warehouse}`, null, this.page.signal);
      w.clock = new Clock();
      fill(this.asOf, pill(w), age(w), w.reported_seq ? reported(w.reported_seq) : null);
      this.page.failed(null);
    } catch (err) {
      if (!this.page.signal.aborted) this.page.failed(err);
    }
  }

  // show writes the number and reports whether it is another one than before.
  show(a) {
    if (this.revision === a.revision) return false;
    const first = this.revision === undefined;
    this.revision = a.revision;
    this.unit = a.unit;
    this.asOf ??= h("div.as-of");
    const shown = title(a, language);
    fill(this.head, h("div", null, h("h1", null, shown || this.sku), h("p.dim", null, [this.sku, shown ? null : t("uncatalogued")].filter(Boolean).join(" · "))), this.asOf);
    fill(this.numbers, equation(a), lots(a));
    if (!first) flash(this.numbers.firstChild);
    return true;
  }

  // newest reads the newest entries and puts those that are new on top.
  async newest() {
    const answer = await get(`${this.path}/movements`, { page_size: pageSize }, this.page.signal);
    const known = this.body.firstElementChild?.dataset;
    if (!known) {
      this.next = answer.next_page_token;
      this.append(answer.movements);
      this.showHistory();
      return;
    }
    const at = answer.movements.findIndex((m) => m.seq === known.seq && m.epoch === known.epoch);
    const fresh = (at < 0 ? answer.movements : answer.movements.slice(0, at)).map((m) => entry(m, this.unit));
    if (at < 0) { // more happened than a page holds: begin anew
      fill(this.body);
      this.next = answer.next_page_token;
      this.showEnd();
    }
    this.body.prepend(...fresh);
    fresh.forEach(flash);
  }

  append(movements) {
    this.body.append(...movements.map((m) => entry(m, this.unit)));
  }

  showHistory() {
    if (!this.body.firstElementChild) {
      fill(this.history, empty(t("noMovements"), t("noStockHint")));
      return;
    }
    const heads = [["entry", "num"], ["time"], ["kind"], ["change", "num"], ["after", "num"], ["where"], ["who"], ["document"], ["evidence"]];
    fill(this.history, h("div.card.scroll", null, h("table.list.entries", null,
      h("thead", null, h("tr", null, heads.map(([key, c]) => h(`th${c ? `.${c}` : ""}`, { scope: "col" }, t(key))))), this.body)), this.end);
    this.showEnd();
  }

  showEnd() {
    fill(this.end, this.next
      ? h("button.quiet.load", { type: "button", onclick: (e) => this.older(e.target) }, t("more"))
      : h("p.dim.begin", null, t("begin")));
  }

  async older(button) {
    button.disabled = true;
    try {
      const answer = await get(`${this.path}/movements`, { page_size: pageSize, page_token: this.next }, this.page.signal);
      this.next = answer.next_page_token;
      this.append(answer.movements);
    } catch (err) {
      this.page.failed(err);
    }
    this.showEnd();
  }
}

export const explain = (view, parts, page) => new Explain(view, parts, page).run();
