// What is where: one item in all warehouses, or all items of one.

import { cell, every, fill, flash, h } from "./dom.js";
import { warehouses } from "./fleet.js";
import { get, watch } from "./hub.js";
import { age, chips, empty, parse, pill, reported, skeleton, title } from "./parts.js";
import { amount, language, reason, t } from "./text.js";

const pageSize = 100;
// watchedSKUs is the most that one watch may name.
const watchedSKUs = 500;

// order sorts names as the API does: by SKU, then by warehouse.
function order(name) {
  const { warehouse, sku } = parse(name);
  return `${sku}/${warehouse}`;
}

class Stock {
  constructor(view, params, page) {
    this.page = page;
    this.warehouse = params.get("w") ?? "";
    this.query = params.get("q") ?? "";
    this.fleet = new Map();
    this.rows = new Map(); // by name
    this.next = "";
    this.body = h("tbody");
    this.result = h("section");
    this.choice = h("select", { id: "where", "aria-label": t("warehouse"), onchange: () => this.go() }, h("option", { value: "" }, t("everywhere")));
    this.input = h("input", { id: "query", type: "search", placeholder: t("searchHint"), "aria-label": t("searchHint"), maxlength: 60, autocomplete: "off", spellcheck: "false", value: this.query });
    this.input.addEventListener("input", () => {
      clearTimeout(this.typing);
      this.typing = setTimeout(() => this.go(), 250);
    });
    page.signal.addEventListener("abort", () => clearTimeout(this.typing), { once: true });
    fill(view, h("h1", null, t("stock")), h("form.search", { onsubmit: (e) => { e.preventDefault(); this.go(); } }, this.input, this.choice), this.result);
  }

  // go shows what the search form asks for, without a new entry in the history
  // for every letter.
  go() {
    clearTimeout(this.typing);
    this.query = this.input.value.trim();
    this.warehouse = this.choice.value;
    const params = new URLSearchParams();
    if (this.warehouse) params.set("w", this.warehouse);
    if (this.query) params.set("q", this.query);
    const text = params.toString();
    history.replaceState(null, "", text ? `#/stock?${text}` : "#/stock");
    this.load();
  }

  async run() {
    await every(2000, this.page.signal, () => this.freshen());
    this.input.focus();
    this.load();
  }

  // freshen gets how the warehouses are: a number is as fresh as its warehouse.
  async freshen() {
    try {
      for (const w of await warehouses(this.page.signal)) this.fleet.set(w.id, w);
    } catch (err) {
      if (!this.page.signal.aborted) this.page.failed(err);
      return;
    }
    const ids = [...new Set([...this.fleet.keys(), this.warehouse])].filter(Boolean);
    if (this.choice.options.length !== ids.length + 1) {
      fill(this.choice, h("option", { value: "" }, t("everywhere")), ids.map((id) => h("option", { value: id }, id)));
      this.choice.value = this.warehouse;
    }
    for (const row of this.rows.values()) fill(row.asOf, this.freshness(row.warehouse));
  }

  freshness(id) {
    const w = this.fleet.get(id);
    return w ? [pill(w), age(w), w.reported_seq ? reported(w.reported_seq) : null] : [];
  }

  async load() {
    this.stop?.abort();
    this.stop = new AbortController();
    const signal = AbortSignal.any([this.stop.signal, this.page.signal]);
    this.rows.clear();
    fill(this.body);
    if (!this.query && !this.warehouse) {
      this.page.state("");
      fill(this.result, empty(t("searchStart"), t("searchStartHint")));
      return;
    }
    fill(this.result, skeleton());
    try {
      await this.read(signal, "");
    } catch (err) {
      if (signal.aborted) return;
      fill(this.result, err.status === 404 ? empty(reason(err), this.warehouse) : null);
      if (err.status !== 404) this.page.failed(err);
      return;
    }
    this.page.failed(null);
    this.show();
    this.follow(signal);
  }

  async read(signal, page_token) {
    const answer = await get(`/v1/warehouses/${this.warehouse || "-"}/availability`, { query: this.query, page_size: pageSize, page_token }, signal);
    this.next = answer.next_page_token;
    for (const a of answer.availability) this.put(a);
  }

  show() {
    if (!this.rows.size) {
      fill(this.result, this.query ? empty(`${t("noMatch")} “${this.query}”`, t("noMatchHint")) : empty(t("noStock"), t("noStockHint")));
      return;
    }
    const heads = [["item"], ["warehouse"], ["sellable", "num"], ["onHand", "num"], ["held", "num"], ["lots"], ["asOf"]];
    const more = h("button.quiet.load", { type: "button", onclick: () => this.more(more) }, t("more"));
    fill(this.result, h("div.card", null, h("table.list.stock", null,
      h("thead", null, h("tr", null, heads.map(([key, classes]) => h(`th${classes ? `.${classes}` : ""}`, { scope: "col" }, t(key))))),
      this.body)), this.next ? more : null);
  }

  async more(button) {
    button.disabled = true;
    try {
      await this.read(this.page.signal, this.next);
    } catch (err) {
      this.page.failed(err);
    }
    button.disabled = false;
    button.hidden = !this.next;
  }

  // put shows a number, in its row if it has one already.
  put(a) {
    const { warehouse, sku } = parse(a.name);
    let row = this.rows.get(a.name);
    if (!row) {
      row = { warehouse, sku, element: h("tr", { data: { name: a.name } }), asOf: h("div.as-of", null, this.freshness(warehouse)) };
      this.rows.set(a.name, row);
      this.body.insertBefore(row.element, this.behind(a.name));
    }
    if (row.revision === a.revision) return;
    const changed = row.revision !== undefined;
    row.revision = a.revision;
    fill(row.element, this.cells(a, row));
    if (changed) flash(row.element);
  }

  // behind gives the row that comes after a name: pages come in order, what the
  // watch adds does not.
  behind(name) {
    const key = order(name);
    if (!this.body.lastElementChild || order(this.body.lastElementChild.dataset.name) < key) return null;
    return [...this.body.children].find((r) => order(r.dataset.name) > key) ?? null;
  }

  cells(a, row) {
    const link = `#/explain/${row.warehouse}/${row.sku}`;
    const shown = title(a, language);
    return [
      h("th", { scope: "row" }, h("a.name", { href: link }, shown || row.sku), h("span.sub", null, shown ? row.sku : t("uncatalogued"))),
      cell(t("warehouse"), "wide-cell", row.warehouse),
      cell(t("sellable"), "num.strong", h("a", { href: link, title: t("explain") }, amount(a.sellable, a.unit))),
      cell(t("onHand"), "num", h(a.on_hand < 0 ? "span.bad-text" : "span", null, amount(a.on_hand, a.unit))),
      cell(t("held"), "num", h(a.held + a.committed ? "span" : "span.dim", null, amount(a.held + a.committed, a.unit))),
      cell(t("lots"), a.lots.length ? "lots" : "lots.quiet-cell", chips(a)),
      cell(t("asOf"), "wide-cell", row.asOf),
    ];
  }

  // follow shows the changes of what is on the page as they happen.
  follow(signal) {
    const skus = [...new Set([...this.rows.values()].map((r) => r.sku))];
    watch({ warehouses: this.warehouse, skus: skus.length <= watchedSKUs && this.query ? skus : [] }, {
      state: this.page.state,
      warehouse: () => this.freshen(),
      availability: (a) => {
        if (this.rows.has(a.name) || (!this.query && !this.next)) {
          this.put(a);
          if (!this.body.isConnected) this.show();
        }
      },
    }, signal);
  }
}

export const stock = (view, params, page) => new Stock(view, params, page).run();
