// Reservations: those that were looked for, and one of them with its lines, its
// lots and what happened to it.

import { cell, every, fill, h } from "./dom.js";
import { warehouses } from "./fleet.js";
import { get } from "./hub.js";
import { empty, head, parse, skeleton, standingOf } from "./parts.js";
import { amount, moment, number, reason, t } from "./text.js";

const pageSize = 50;

const states = ["TRIED", "CONFIRMED", "FULFILLED", "SHORTED", "CANCELLED", "EXPIRED"];

// idOf takes reservations/{id} apart.
const idOf = (r) => r.name.slice("reservations/".length);

const missing = (r) => r.lines.reduce((n, l) => n + (l.short > 0 ? 1 : 0), 0);

// notes says what an operator has to know of a reservation.
const notes = (r) => [
  r.at_risk ? h("span.alarm", { title: t("atRiskHint") }, t("atRisk")) : null,
  r.picked_after_cancel ? h("span.alarm", { title: t("pickedAfterCancelHint") }, t("pickedAfterCancel")) : null,
  missing(r) ? h("span.alarm", null, t("shortLines")(missing(r))) : null,
  r.cancel_reason ? h("span.sub", null, r.cancel_reason) : null,
];

const state = (r) => h(`span.pill.${standingOf[r.state] ?? "offline"}`, null, t("states")[r.state] ?? r.state);

// wanted names what was asked for, in short.
const wanted = (r) => [...r.lines.slice(0, 2).map((l) => h("span.chip", null, h("b", null, number(l.quantity)), l.sku)),
  r.lines.length > 2 ? h("span.chip.more", null, `+${r.lines.length - 2}`) : null];

// orderRow shows a reservation in a listing.
export const orderRow = (r) => h("tr", { data: { id: idOf(r) } },
  h("th", { scope: "row" }, h("a.name", { href: `#/order/${encodeURIComponent(idOf(r))}` }, idOf(r)), r.order_ref && h("span.sub", null, r.order_ref)),
  cell(t("state"), "", state(r)),
  cell(t("warehouse"), "", r.warehouse ? parse(r.warehouse).warehouse : t("none")),
  cell(t("channel"), r.channel ? "" : "quiet-cell", r.channel || h("span.dim", null, t("none"))),
  cell(t("lines"), r.lines.length ? "lots" : "lots.quiet-cell", wanted(r)),
  cell(t("changed"), "", h("span", { title: r.update_time }, moment(r.update_time))),
  cell(t("notes"), r.at_risk || r.picked_after_cancel || missing(r) || r.cancel_reason ? "" : "quiet-cell", notes(r)));

export const orderHeads = [["order"], ["state"], ["warehouse"], ["channel"], ["lines"], ["changed"], ["notes"]];

class Orders {
  constructor(view, params, page) {
    Object.assign(this, { page, query: params.get("q") ?? "", warehouse: params.get("w") ?? "", state: params.get("s") ?? "", risk: params.get("risk") === "1" });
    this.body = h("tbody");
    this.result = h("section", null, skeleton());
    this.input = h("input", { id: "query", type: "search", placeholder: t("orderHint"), "aria-label": t("orderHint"), maxlength: 128, autocomplete: "off", spellcheck: "false", value: this.query });
    this.input.addEventListener("input", () => {
      clearTimeout(this.typing);
      this.typing = setTimeout(() => this.go(), 250);
    });
    const choose = (label, all, options, chosen) => {
      const choice = h("select", { "aria-label": label, onchange: () => this.go() }, h("option", { value: "" }, all), options.map(([value, text]) => h("option", { value }, text)));
      choice.value = chosen;
      return choice;
    };
    this.where = choose(t("warehouse"), t("everywhere"), this.warehouse ? [[this.warehouse, this.warehouse]] : [], this.warehouse);
    this.which = choose(t("state"), t("everyState"), [...states.map((s) => [s, t("states")[s]]), ["risk", t("atRisk")]], this.risk ? "risk" : this.state);
    page.signal.addEventListener("abort", () => clearTimeout(this.typing), { once: true });
    fill(view, h("h1", null, t("orders")), h("form.search.three", { onsubmit: (e) => { e.preventDefault(); this.go(); } }, this.input, this.where, this.which), this.result);
  }

  go() {
    clearTimeout(this.typing);
    this.query = this.input.value.trim();
    this.warehouse = this.where.value;
    this.risk = this.which.value === "risk";
    this.state = this.risk ? "" : this.which.value;
    const params = new URLSearchParams();
    for (const [key, value] of [["q", this.query], ["w", this.warehouse], ["s", this.state], ["risk", this.risk ? "1" : ""]]) if (value) params.set(key, value);
    const text = params.toString();
    history.replaceState(null, "", text ? `#/orders?${text}` : "#/orders");
    this.beyond = false;
    this.shown = undefined;
    this.refresh();
  }

  async run() {
    this.offer();
    await every(2000, this.page.signal, () => this.beyond || this.refresh());
  }

  // offer lists the warehouses to choose from.
  async offer() {
    const ids = (await warehouses(this.page.signal).catch(() => [])).map((w) => w.id);
    if (!ids.length) return;
    fill(this.where, h("option", { value: "" }, t("everywhere")), [...new Set([...ids, this.warehouse])].filter(Boolean).map((id) => h("option", { value: id }, id)));
    this.where.value = this.warehouse;
  }

  // read gets a page. What was typed is an order number of the platform or the id
  // of one reservation, and either may be meant.
  async read(page_token) {
    const filter = { warehouse: this.warehouse && `warehouses/${this.warehouse}`, states: this.state, at_risk: this.risk ? "true" : "", order_ref: this.query, page_size: pageSize, page_token };
    const [list, one] = await Promise.all([
      get("/v1/reservations", filter, this.page.signal),
      this.query && !page_token ? get(`/v1/reservations/${encodeURIComponent(this.query)}`, null, this.page.signal).catch((err) => {
        if (err.status === 404 || err.status === 400) return null;
        throw err;
      }) : null]);
    const found = list.reservations;
    if (one && this.fits(one) && !found.some((r) => r.name === one.name)) found.unshift(one);
    return { found, next: list.next_page_token };
  }

  fits(r) {
    return (!this.warehouse || r.warehouse === `warehouses/${this.warehouse}`) && (!this.state || r.state === this.state) && (!this.risk || r.at_risk);
  }

  async refresh() {
    const asked = location.hash;
    try {
      const { found, next } = await this.read("");
      if (asked !== location.hash || this.page.signal.aborted) return; // somebody asked for something else
      this.show(found, next);
      this.page.failed(null);
      this.page.state("live");
    } catch (err) {
      if (this.page.signal.aborted) return;
      this.page.failed(err);
      this.page.state("lost");
    }
  }

  show(found, next) {
    const text = JSON.stringify([found.map((r) => [r.name, r.revision]), next]);
    if (text === this.shown) return; // so that a text can be selected
    this.shown = text;
    this.next = next;
    if (!found.length && !next) {
      const asked = this.query || this.warehouse || this.state || this.risk;
      fill(this.result, this.risk ? empty(t("noRisk"), t("noRiskHint")) : asked ? empty(t("noOrder"), t("noOrderHint")) : empty(t("noOrders"), t("noOrdersHint")));
      return;
    }
    const more = h("button.quiet.load", { type: "button", onclick: () => this.more(more) }, t("more"));
    fill(this.body, found.map(orderRow));
    fill(this.result, h("div.card", null, h("table.list.orders", null, head(orderHeads), this.body)), next ? more : null);
  }

  async more(button) {
    this.beyond = true; // what is listed stays where it is
    button.disabled = true;
    try {
      const { found, next } = await this.read(this.next);
      this.body.append(...found.map(orderRow));
      this.next = next;
    } catch (err) {
      this.page.failed(err);
    }
    button.disabled = false;
    button.hidden = !this.next;
  }
}

export const orders = (view, params, page) => new Orders(view, params, page).run();

const lotChips = (l) => l.allocations.map((a) => h("span.chip", { title: a.expiry_date || t("noDate") }, h("b", null, number(a.quantity)), a.lot || t("noLot"), h("span.due", null, a.expiry_date)));

const lineRow = (r) => (l, i) => h("tr", null,
  h("th", { scope: "row" }, r.warehouse ? h("a.name", { href: `#/explain/${parse(r.warehouse).warehouse}/${l.sku}` }, l.sku) : l.sku,
    h("span.sub", null, [t("lineNo")(i + 1), l.min_shelf_life_days ? t("goodFor")(l.min_shelf_life_days) : "", l.substitutes.length ? `${t("instead")} ${l.substitutes.join(", ")}` : ""].filter(Boolean).join(" · "))),
  cell(t("asked"), "num", number(l.quantity)),
  cell(t("reserved"), "num", h(l.reserved ? "span" : "span.dim", null, number(l.reserved))),
  cell(t("picked"), "num", h(l.picked ? "span" : "span.dim", null, number(l.picked))),
  cell(t("short"), "num", h(l.short ? "span.bad-text" : "span.dim", null, number(l.short))),
  cell(t("lots"), l.allocations.length ? "lots" : "lots.quiet-cell", lotChips(l)));

// steps are what happened to a reservation as far as it says itself, and what the
// floor booked for it.
function steps(r, movements) {
  const ended = r.state !== "TRIED" && r.state !== "CONFIRMED";
  const out = [
    { time: r.create_time, what: t("stepCreated"), note: r.channel },
    r.state === "TRIED" ? { time: r.expire_time, what: t("stepUntil"), note: "" } : null,
    r.state === "CONFIRMED" && r.promise_time ? { time: r.promise_time, what: t("stepDue"), note: "" } : null,
    ended || r.update_time !== r.create_time ? { time: r.update_time, what: ended ? t("states")[r.state] ?? r.state : t("stepChanged"), note: r.cancel_reason } : null,
    ...movements.map((m) => ({ time: m.time || m.stored_time, what: t("kinds")[m.kind] ?? m.kind, note: [m.sku, amount(m.delta, ""), m.lot, m.operator, m.station, m.reason].filter(Boolean).join(" · ") })),
  ].filter((s) => s?.time);
  return out.sort((a, b) => (a.time < b.time ? -1 : 1));
}

const stepRow = (s) => h("li", null, h("span.dim", { title: s.time }, moment(s.time)), h("b", null, s.what), s.note ? h("span", null, s.note) : null);

class Order {
  constructor(view, [id], page) {
    Object.assign(this, { view, page, id });
    fill(view, h("a.back", { href: "#/orders" }, `← ${t("orders")}`), h("h1", null, id), skeleton(3));
  }

  async refresh() {
    try {
      const r = await get(`/v1/reservations/${encodeURIComponent(this.id)}`, null, this.page.signal);
      const movements = await this.booked(r);
      this.show(r, movements);
      this.page.failed(null);
      this.page.state("live");
    } catch (err) {
      if (this.page.signal.aborted) return;
      if (err.status === 404) fill(this.view, h("a.back", { href: "#/orders" }, `← ${t("orders")}`), empty(reason(err), this.id));
      else this.page.failed(err);
      this.page.state("lost");
    }
  }

  // booked gives the floor's entries that name this order, of each of its SKUs and
  // their substitutes as far back as one page reaches.
  async booked(r) {
    if (!r.warehouse) return [];
    const skus = [...new Set(r.lines.flatMap((l) => [l.sku, ...l.substitutes]))].slice(0, 12);
    const pages = await Promise.all(skus.map((sku) => get(`/v1/${r.warehouse}/skus/${encodeURIComponent(sku)}/movements`, { page_size: 200 }, this.page.signal).catch((err) => {
      if (err.status === 404) return { movements: [] };
      throw err;
    })));
    return pages.flatMap((p) => p.movements).filter((m) => m.document === this.id);
  }

  show(r, movements) {
    const text = JSON.stringify([r, movements]);
    if (text === this.shown) return; // so that a text can be selected
    this.shown = text;
    fill(this.view,
      h("a.back", { href: "#/orders" }, `← ${t("orders")}`),
      h("div.explain-head", null,
        h("div", null, h("h1", null, this.id), h("span.dim", null, [r.order_ref, r.warehouse && parse(r.warehouse).warehouse, r.channel].filter(Boolean).join(" · "))),
        h("div", null, state(r), " ", notes(r))),
      r.lines.length ? h("div.card", null, h("table.list.order-lines", null, head([["item"], ["asked", "num"], ["reserved", "num"], ["picked", "num"], ["short", "num"], ["lots"]]), h("tbody", null, r.lines.map(lineRow(r))))) : empty(t("noLines"), t("noLinesHint")),
      h("h2", null, t("history")), h("ol.steps.card", null, steps(r, movements).map(stepRow)));
  }
}

export function order(view, parts, page) {
  const shown = new Order(view, parts, page);
  page.state("connecting");
  every(2000, page.signal, () => shown.refresh());
}
