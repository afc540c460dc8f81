// What people with gloves, weak eyes, or a screen reader need of a page, as far as
// a program can tell. It gives a list of what is wrong, one sentence each.
(touch) => {
  const wrong = [];
  const says = (e) => e.id || e.dataset.key || e.dataset.door || e.className || e.tagName;
  const shown = (e) => {
    const box = e.getBoundingClientRect();
    return box.width > 0 && box.height > 0 && !e.closest("dialog:not([open]), #flash") && getComputedStyle(e).visibility !== "hidden";
  };
  const modal = document.querySelector("dialog[open]");
  const all = [...document.querySelectorAll("body *")].filter((e) => shown(e) && (!modal || modal.contains(e)));

  // The page as a whole (WCAG 2.2: 3.1.1, 2.4.2, 1.4.4).
  if (!/^(zh|en)/.test(document.documentElement.lang)) wrong.push("the page does not say its language");
  if (!document.title) wrong.push("the page has no title");
  if (/user-scalable=no|maximum-scale/.test(document.querySelector("meta[name=viewport]")?.content)) wrong.push("the page cannot be enlarged");
  const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
  for (const id of new Set(ids.filter((id, i) => ids.indexOf(id) !== i))) wrong.push("two elements are called " + id);

  // Names, roles and focus (4.1.2, 1.1.1, 2.1.1).
  const roles = new Set(["alert", "status", "timer", "button", "dialog"]);
  const nameOf = (e) => (e.getAttribute("aria-label") || e.innerText || e.alt || "").trim();
  for (const e of all) {
    const role = e.getAttribute("role");
    if (role && !roles.has(role)) wrong.push("unknown role " + role + " of " + says(e));
    if (e.matches("button, a[href], input, img") && !nameOf(e)) wrong.push("no name: " + says(e));
    if (e.matches("button, a[href], input") && (e.tabIndex < 0 || e.closest("[aria-hidden=true]"))) wrong.push("no key reaches " + says(e));
    if (e.matches("button, a[href]") && e.querySelector("button, a[href], input")) wrong.push("a control inside " + says(e));
    if (e.matches("svg") && e.getAttribute("aria-hidden") !== "true") wrong.push("a drawing is read aloud in " + says(e.parentElement));
    if (e.onclick && !e.matches("button, a, input")) wrong.push("only a mouse can press " + says(e));
  }

  // Sizes: keys of 20 mm; nothing sticks out sideways; the question is in view.
  for (const e of all) {
    const box = e.getBoundingClientRect();
    if (e.matches("button:not(.chip)") && Math.min(box.width, box.height) < touch) wrong.push(`small: ${says(e)} ${Math.round(box.width)}x${Math.round(box.height)}`);
    if (e.matches("button.chip") && Math.min(box.width, box.height) < 24) wrong.push("tiny: " + says(e));
    if (box.right > innerWidth + 1 && !e.closest("#keys") || box.left < -1) wrong.push("sticks out: " + says(e));
  }
  const ask = document.getElementById("ask");
  if (ask && !modal && shown(ask) && !document.getElementById("alert").contains(ask)) {
    const box = ask.querySelector(".main").getBoundingClientRect();
    const keys = document.getElementById("keys").getBoundingClientRect();
    if (box.top < 0 || box.bottom > innerHeight || (keys.left < box.left + 1 && box.bottom > keys.top + 1)) wrong.push("the question is out of view");
  }

  // Contrast (1.4.3): 4.5 to 1, and 3 to 1 for large text.
  const rgb = (c) => c.match(/[\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => ((v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)).reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const c = rgb(getComputedStyle(e).backgroundColor);
      if (c.length < 4 || c[3] > 0.9) return c;
    }
    return [14, 26, 34];
  };
  const over = (c, back) => (c.length < 4 ? c : c.slice(0, 3).map((v, i) => v * c[3] + back[i] * (1 - c[3])));
  for (const e of all) {
    if (![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())) continue;
    const style = getComputedStyle(e), back = behind(e);
    const [a, b] = [light(over(rgb(style.color), back)), light(back)];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const size = parseFloat(style.fontSize);
    const least = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
    if (ratio < least) wrong.push(`contrast ${ratio.toFixed(1)}: ${e.textContent.slice(0, 20)} of ${says(e)}`);
    if (size < 12) wrong.push(`letters of ${size} pixels: ${says(e)}`);
  }
  return [...new Set(wrong)].join("; ");
}
