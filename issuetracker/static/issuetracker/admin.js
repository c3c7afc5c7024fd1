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

document.addEventListener("DOMContentLoaded", () => {
  showTimes();
  for (const control of document.querySelectorAll(CONTROLS)) {
    control.tabIndex = 0;
    control.setAttribute("role", "button");
  }
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
