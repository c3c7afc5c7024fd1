// django-unfold's menus, its filters and its switch of dark and light answer the mouse only: to a keyboard they are
// neither links nor buttons. Here they become buttons.
"use strict";

const CONTROLS = "[x-on\\:click]:not(a[href], button, input, #changelist-filter-close)";

// Times stand in the page in UTC: here they become those of the browser's zone, which is said on hover.
const EXACT = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });
const two = (number) => String(number).padStart(2, "0");

function showTimes() {
  for (const time of document.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    time.title = EXACT.format(at);
    time.textContent = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}`;
  }
}

// An icon is a word in a font that draws it: a reader would say "more_vert". What has nothing but an icon gets a name.
const ICON = ".material-symbols-outlined";
const NAMES = {
  bug_report: "Home", computer: "Light or dark", dark_mode: "Light or dark", light_mode: "Light or dark",
  dock_to_right: "Side bar", more_horiz: "More", more_vert: "More", search: "Search",
};

function nameIcons() {
  for (const icon of document.querySelectorAll(ICON)) {
    const word = icon.textContent.trim(), control = icon.closest("a, button, [role=button]");
    if (control?.textContent.trim() === word) control.setAttribute("aria-label", control.title || (NAMES[word] ?? word.replaceAll("_", " ")));
    if (control !== icon) icon.setAttribute("aria-hidden", "true");
  }
}

// select2 puts in the place of a field what is named by its value alone, or not at all. Of what it is the label says.
function nameChoices() {
  for (const select of document.querySelectorAll("select.select2-hidden-accessible")) {
    const label = select.labels[0]?.textContent.replace("*", "").trim();
    if (!label) continue;
    const instead = select.nextElementSibling, value = instead.querySelector(".select2-selection__rendered").title;
    for (const part of instead.querySelectorAll("[role=combobox], [role=textbox], [role=searchbox]")) {
      part.removeAttribute("aria-labelledby");
      part.setAttribute("aria-label", value ? `${label}: ${value}` : label);
    }
    document.querySelector(`.select2-dropdown [aria-controls="select2-${select.id}-results"]`)?.setAttribute("aria-label", label);
  }
}

// django-unfold has no main part, and no way past its side bar.
function markMain() {
  const main = document.querySelector("#main") ?? document.querySelector("#page");
  main.setAttribute("role", "main");
  main.tabIndex = -1;
  if (main.id !== "main") return;
  const skip = document.createElement("a");
  Object.assign(skip, { href: "#main", className: "skip", textContent: "To the content" });
  document.body.prepend(skip);
}

document.addEventListener("DOMContentLoaded", () => {
  showTimes();
  markMain();
  for (const control of document.querySelectorAll(CONTROLS)) {
    control.tabIndex = 0;
    control.setAttribute("role", "button");
  }
  nameIcons();
  for (const note of document.querySelectorAll(".errornote")) note.setAttribute("role", "alert");
  // It makes these late, and anew: when a value was chosen, a row added, a list opened.
  new MutationObserver(nameChoices).observe(document.body, { childList: true, subtree: true });
  // The filters stand behind the list: nobody should have to walk through all of it first.
  const filters = document.querySelector("#changelist-filter");
  if (filters) {
    const focus = () => filters.style.display === "none" || filters.querySelector("a").focus();
    new MutationObserver(focus).observe(filters, { attributes: true, attributeFilter: ["style"] });
  }
});

document.addEventListener("keydown", (event) => {
  if (!["Enter", " "].includes(event.key) || !event.target.matches(CONTROLS)) return;
  event.preventDefault();
  event.target.click();
});

// A double-click on "Save" would make two tokens, or a project that is there already. What is on its way isn't sent again
// for ten seconds, after which it may not have got through, or until its page is shown again: as at the desk.
let sentAt = new WeakMap();
document.addEventListener("submit", (event) => {
  if (event.target.getAttribute("method") !== "post") return;
  const now = performance.now();
  if (now - sentAt.get(event.target) < 10_000) event.preventDefault();
  else sentAt.set(event.target, now);
});
window.addEventListener("pageshow", () => { sentAt = new WeakMap(); });

// The page is hidden until Alpine has begun, and what is hidden gets no focus: the name, on the page to log in.
document.addEventListener("alpine:initialized", () => {
  requestAnimationFrame(() => document.querySelector("[autofocus]")?.focus());
});
