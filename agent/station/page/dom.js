// Small helpers that build elements. Text is only ever set as text, so nothing
// that was scanned can become markup.

import { icons } from "./icons.js";

let english = false;

/** Says which language comes first; true when that is a change. */
export function setEnglish(on) {
  const changed = english !== on;
  english = on;
  document.documentElement.lang = on ? "en" : "zh-CN";
  return changed;
}

export const $ = (id) => document.getElementById(id);

/** h("div.name", {title}, child, …): an element with classes and children. */
export function h(tag, props, ...children) {
  const [name, ...classes] = tag.split(".");
  const e = document.createElement(name || "div");
  e.className = classes.join(" ");
  for (const [key, value] of Object.entries(props ?? {})) {
    if (key.startsWith("data-") || key.startsWith("aria-")) e.setAttribute(key, value);
    else e[key] = value;
  }
  e.append(...children.filter((c) => c !== null && c !== undefined && c !== ""));
  return e;
}

/** shape("circle", {r}, child, …): an element of a drawing. */
export function shape(tag, attributes, ...children) {
  const e = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(attributes)) e.setAttribute(key, value);
  e.append(...children.filter(Boolean));
  return e;
}

export const icon = (name) => shape("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true" }, shape("path", { d: icons[name] }));

/** The text in the language that comes first. */
export const first = (t) => (english ? t.en || t.zh : t.zh || t.en);

/** The text in the other language, or nothing when it is the same. */
export const second = (t) => (t.zh === t.en ? "" : english ? t.zh : t.en);

/** Both languages: the first one plain, the other one small. */
export function both(t) {
  const other = second(t);
  return [first(t), other ? h("span.other", { lang: english ? "zh-CN" : "en" }, other) : null].filter(Boolean);
}

export const latin = () => english;

export function show(e, visible) {
  e.hidden = !visible;
}
