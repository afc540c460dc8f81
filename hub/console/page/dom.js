// Making and changing the page's elements. Text is only ever set as text: what
// a scanner read must not become markup.

// h makes an element: h("td.num", {title: "…"}, child, "text", null).
export function h(name, props, ...children) {
  const [tag, ...classes] = name.split(".");
  const element = document.createElement(tag);
  if (classes.length) element.className = classes.join(" ");
  for (const [key, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "data") Object.assign(element.dataset, value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false));
  return element;
}

// fill replaces what an element holds.
export function fill(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false));
  return element;
}

// cell makes a table cell that knows its column's name, which narrow screens
// write beside the value.
export const cell = (label, classes, ...children) => h(`td${classes ? `.${classes}` : ""}`, { data: { label } }, h("div", null, ...children));

// flash draws the eye to what just changed.
export function flash(element) {
  element.classList.remove("flash");
  void element.offsetWidth; // starts the animation anew
  element.classList.add("flash");
}

// every calls f now and then again and again until the signal ends, never while
// the page is hidden, and never twice at once.
export function every(ms, signal, f) {
  let timer;
  const turn = async () => {
    if (signal.aborted) return;
    if (!document.hidden) await f();
    timer = setTimeout(turn, ms);
  };
  signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  return turn();
}
