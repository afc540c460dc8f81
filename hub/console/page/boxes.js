// The machines of a warehouse, and where its levels were put in the place of the
// hub's.

import { cell, every, fill, h } from "./dom.js";
import { get } from "./hub.js";
import { empty, head, skeleton } from "./parts.js";
import { amount, moment, number, reason, t } from "./text.js";

const standing = { PRESENT: "online", CANDIDATE: "late", FROZEN: "late", CLOSED: "offline" };

const boxRow = (b) => h("tr", { data: { epoch: b.epoch } },
  h("th", { scope: "row" }, h("span.clip", { title: b.epoch }, b.epoch.slice(0, 8))),
  cell(t("state"), "", h(`span.pill.${standing[b.state]}`, null, t("boxStates")[b.state] ?? b.state)),
  cell(t("entry"), "num", number(Number(b.applied_seq))),
  cell(t("since"), "", moment(b.since_time)),
  cell(t("heard"), b.last_heard_time ? "" : "quiet-cell", moment(b.last_heard_time)),
  cell(t("version"), b.software ? "" : "quiet-cell", h("span.dim.clip", { title: b.software }, b.software || t("none"))));

const differing = (c) => h("span.chip", { title: [c.lot, c.bin || t("dock")].filter(Boolean).join(" · ") },
  h("b", null, c.sku), `${amount(c.hub, "")} → ${amount(c.agent, "")}`);

const repairRow = (r) => h("tr", null,
  h("th", { scope: "row" }, number(Number(r.seq))),
  cell(t("time"), "", moment(r.time)),
  cell(t("who"), "", r.by),
  cell(t("why"), "", r.reason),
  cell(t("change"), "lots", r.pending ? t("pending") : t("cellsChanged")(r.cells_changed), h("div", null, r.cells.slice(0, 5).map(differing))));

class Boxes {
  constructor(view, [warehouse], page) {
    Object.assign(this, { view, page, warehouse });
    this.boxes = h("tbody");
    fill(view, h("a.back", { href: "#/" }, `← ${t("fleet")}`), h("h1", null, `${warehouse} · ${t("boxes")}`), skeleton(3));
  }

  async refresh() {
    const path = `/v1/warehouses/${this.warehouse}`;
    try {
      const [list, repairs] = await Promise.all([
        get(`${path}/boxes`, null, this.page.signal), get(`${path}/repairs`, null, this.page.signal)]);
      this.show(list, repairs.repairs);
      this.page.failed(null);
      this.page.state("live");
    } catch (err) {
      if (this.page.signal.aborted) return;
      if (err.status === 404) fill(this.view, empty(reason(err), this.warehouse));
      else this.page.failed(err);
      this.page.state("lost");
    }
  }

  show(list, repairs) {
    const text = JSON.stringify([list, repairs]);
    if (text === this.shown) return; // so that a text can be selected
    this.shown = text;
    const word = list.replace_expire_time ? t("replaceUntil")(moment(list.replace_expire_time), list.replace_by, list.replace_reason) : t("boxesHint");
    fill(this.boxes, list.boxes.map(boxRow));
    fill(this.view,
      h("a.back", { href: "#/" }, `← ${t("fleet")}`), h("h1", null, `${this.warehouse} · ${t("boxes")}`), h("p.dim", null, word),
      h("div.card", null, h("table.list", null, head([["epoch"], ["state"], ["entry", "num"], ["since"], ["heard"], ["version"]]), this.boxes)),
      h("h2", null, t("repairs")), h("p.dim", null, t("repairsHint")),
      repairs.length
        ? h("div.card", null, h("table.list", null, head([["entry"], ["time"], ["who"], ["why"], ["change"]]), h("tbody", null, repairs.map(repairRow))))
        : h("p.dim", null, t("noRepairs")));
  }
}

export function boxes(view, parts, page) {
  const shown = new Boxes(view, parts, page);
  page.state("connecting");
  every(2000, page.signal, () => shown.refresh());
}
