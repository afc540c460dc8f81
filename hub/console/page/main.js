// The frame of the page: which view is shown, in which language, and whether it
// is live.

import { boxes } from "./boxes.js";
import { checks, hook } from "./checks.js";
import { fill, h } from "./dom.js";
import { explain } from "./explain.js";
import { fleet } from "./fleet.js";
import { order, orders } from "./orders.js";
import { tick } from "./parts.js";
import { stock } from "./stock.js";
import { language, reason, switchLanguage, t } from "./text.js";

const view = document.getElementById("view");
const live = document.getElementById("live");
const notice = document.getElementById("notice");

// tabOf names the tab that a view belongs to.
const tabOf = { stock: "stock", explain: "stock", orders: "orders", order: "orders", checks: "checks", hook: "checks" };

// The view that is shown, and how to end it.
let current = new AbortController();

function frame() {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = t(element.dataset.text);
  document.getElementById("language").textContent = t("other");
  const [, name] = location.hash.split(/[/?]/);
  for (const link of document.querySelectorAll(".tabs a")) {
    link.toggleAttribute("aria-current", link.dataset.text === (tabOf[name] ?? "fleet"));
  }
}

// page is what a view may do to the frame.
function newPage(signal) {
  return {
    signal,
    state(name) {
      if (signal.aborted) return;
      live.className = `live ${name === "live" ? "live-on" : name}`;
      live.textContent = name ? t(name) : "";
    },
    failed(err) {
      if (signal.aborted) return;
      notice.hidden = !err;
      if (err) fill(notice, h("span", { title: err.message }, reason(err)), h("button", { type: "button", onclick: show }, t("retry")));
    },
  };
}

function show() {
  current.abort();
  current = new AbortController();
  const page = newPage(current.signal);
  notice.hidden = true;
  page.state("");
  frame();
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  const [name, ...parts] = path.split("/").map(decodeURIComponent);
  if (name === "stock") stock(view, new URLSearchParams(query), page);
  else if (name === "explain" && parts.length === 2) explain(view, parts, page);
  else if (name === "orders") orders(view, new URLSearchParams(query), page);
  else if (name === "order" && parts.length === 1) order(view, parts, page);
  else if (name === "checks") checks(view, parts, page);
  else if (name === "hook" && parts.length === 1) hook(view, parts, page);
  else if (name === "boxes" && parts.length === 1) boxes(view, parts, page);
  else fleet(view, parts, page);
  view.dataset.view = name || "fleet";
  scrollTo(0, 0);
}

document.getElementById("language").addEventListener("click", () => {
  switchLanguage();
  show();
});
addEventListener("hashchange", show);
setInterval(tick, 1000);
show();
