// What an operator looks after: promises that may not be kept, counters that are
// not what they should be, and whom the hub tells what happens.

import { cell, every, fill, h } from "./dom.js";
import { warehouses } from "./fleet.js";
import { get } from "./hub.js";
import { empty, head, skeleton } from "./parts.js";
import { orderHeads, orderRow } from "./orders.js";
import { moment, number, reason, t } from "./text.js";

const mostWarehouses = 10;
const mostOrders = 20;

const hookID = (w) => w.name.slice("webhooks/".length);

// standing gives how an endpoint is: on, behind, or off.
function standing(w) {
  if (w.off) return ["offline", t("hookOff")];
  if (w.error || w.parked) return ["late", t("hookBehind")];
  return ["online", t("hookOn")];
}

function hookRow(w) {
  const [looks, word] = standing(w);
  const waiting = w.waiting + w.parked;
  return h("tr", { data: { hook: hookID(w) } },
    h("th", { scope: "row" }, h("span.name", null, w.url), h("span.sub", null, [w.types.join(", "), w.warehouses.join(", "), t("addedBy")(w.creator)].filter(Boolean).join(" · "))),
    cell(t("state"), "", h(`span.pill.${looks}`, { title: w.off || w.error }, word), w.off || w.error ? h("span.sub", null, w.off || w.error) : null),
    cell(t("waiting"), "num", h(waiting ? "span.warn" : "span.dim", { title: t("waitingHint")(w.waiting, w.parked) }, number(waiting)), w.oldest_time ? h("span.sub", null, t("oldest")(moment(w.oldest_time))) : null),
    cell(t("dead"), "num", w.dead ? h("a.bad-text", { href: `#/hook/${hookID(w)}` }, number(w.dead)) : h("span.dim", null, "0")),
    cell(t("delivered"), "", moment(w.delivered_time)),
    cell(t("secret"), "", w.old_secret_expire_time && new Date(w.old_secret_expire_time) > new Date()
      ? h("span.warn", null, t("bothSecrets")(moment(w.old_secret_expire_time)))
      : h("span.dim", null, w.rotate_time ? t("rotated")(moment(w.rotate_time), w.rotator) : moment(w.create_time))));
}

const differenceRow = (warehouse) => (d) => h("tr", null,
  h("th", { scope: "row" }, h("a.name", { href: `#/explain/${warehouse}/${d.sku}` }, d.sku), h("span.sub", null, warehouse)),
  cell(t("counter"), "", t("counters")[d.counter] ?? d.counter, d.lot ? h("span.sub", null, d.lot) : null),
  cell(t("countedAs"), "num", d.counted),
  cell(t("sumOf"), "num", d.sum));

class Checks {
  constructor(view, page) {
    Object.assign(this, { view, page });
    fill(view, h("h1", null, t("checks")), skeleton());
  }

  async refresh() {
    const { signal } = this.page;
    try {
      const [risky, list, hooks] = await Promise.all([
        get("/v1/reservations", { at_risk: "true", page_size: mostOrders }, signal), warehouses(signal), this.hooks()]);
      // Only where the hub itself found a difference: to add up keeps its store busy.
      const suspects = list.filter((w) => w.alarms.some((a) => a.reason === "CLAIMS_DIFFER"));
      const checks = await Promise.all(suspects.slice(0, mostWarehouses).map(async (w) => ({ id: w.id, ...await get(`/v1/warehouses/${w.id}:checkReservations`, null, signal) })));
      this.show(risky, checks, hooks, list.length);
      this.page.failed(null);
      this.page.state("live");
    } catch (err) {
      if (signal.aborted) return;
      this.page.failed(err);
      this.page.state("lost");
    }
  }

  // hooks gives the endpoints; none where this hub tells nobody.
  async hooks() {
    try {
      return (await get("/v1/webhooks", null, this.page.signal)).webhooks;
    } catch (err) {
      if (err.status === 404 || err.status === 501) return [];
      throw err;
    }
  }

  show(risky, checks, hooks, all) {
    const text = JSON.stringify([risky.reservations.map((r) => [r.name, r.revision]), checks, hooks, all]);
    if (text === this.shown) return; // so that a text can be selected
    this.shown = text;
    const differing = checks.filter((c) => c.differences.length);
    const card = (...children) => h("div.card", null, h("table.list", null, ...children));
    fill(this.view, h("h1", null, t("checks")),
      h("h2.first", null, t("risky")), h("p.dim.lead", null, t("riskyHint")),
      risky.reservations.length ? [card(head(orderHeads), h("tbody", null, risky.reservations.map(orderRow))), risky.next_page_token ? h("a.quiet.load", { href: "#/orders?risk=1" }, t("more")) : null] : h("p.calm", null, t("noRisk")),
      h("h2", null, t("counting")), h("p.dim.lead", null, t("countingHint")),
      differing.length ? card(head([["item"], ["counter"], ["countedAs", "num"], ["sumOf", "num"]]), h("tbody", null, differing.flatMap((c) => c.differences.map(differenceRow(c.id))))) : h("p.calm", null, t("agree")(number(all))),
      h("h2", null, t("hooks")), h("p.dim.lead", null, t("hooksHint")),
      hooks.length ? card(head([["endpoint"], ["state"], ["waiting", "num"], ["dead", "num"], ["delivered"], ["secret"]]), h("tbody", null, hooks.map(hookRow))) : h("p.dim", null, t("noHooks")));
  }
}

export function checks(view, _, page) {
  const shown = new Checks(view, page);
  page.state("connecting");
  every(5000, page.signal, () => shown.refresh());
}

const letterRow = (l) => h("tr", null,
  h("th", { scope: "row" }, h("span.name", null, l.subject), h("span.sub", null, l.type)),
  cell(t("time"), "", moment(l.time)),
  cell(t("attempts"), "num", number(l.attempts)),
  cell(t("why"), "evidence", l.error),
  cell(t("event"), "evidence", h("code.event", null, l.event)));

// hook lists what one endpoint did not take.
export async function hook(view, [id], page) {
  const back = h("a.back", { href: "#/checks" }, `← ${t("checks")}`);
  const body = h("tbody");
  let next = "";
  const read = async () => {
    const answer = await get(`/v1/webhooks/${encodeURIComponent(id)}/deadLetters`, { page_size: 50, page_token: next }, page.signal);
    body.append(...answer.letters.map(letterRow));
    next = answer.next_page_token;
    more.hidden = !next;
  };
  const more = h("button.quiet.load", { type: "button", onclick: () => read().catch(page.failed) }, t("more"));
  fill(view, back, h("h1", null, t("deadLetters")), skeleton(3));
  try {
    await read();
  } catch (err) {
    if (page.signal.aborted) return;
    fill(view, back, h("h1", null, t("deadLetters")), empty(reason(err), id));
    return;
  }
  fill(view, back, h("h1", null, t("deadLetters")), h("p.dim.lead", null, t("deadHint")(`hub webhook dead webhooks/${id} --redeliver`)),
    body.children.length ? [h("div.card", null, h("table.list", null, head([["about"], ["time"], ["attempts", "num"], ["why"], ["event"]]), body)), more] : h("p.calm", null, t("noDead")));
}
