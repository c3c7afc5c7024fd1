// The desk works without this: forms and links do everything. It adds times in the zone of who looks, a switch of the
// theme without a new page, and, on the list, keys and a selection that survives paging.
"use strict";

const all = (selector, within = document) => [...within.querySelectorAll(selector)];

// ---------------------------------------------------------------------------------------------------------------------
// Times: the exact one in the zone of who looks, on hover; how long ago, as it grows (desk/templatetags/desk.py)
// ---------------------------------------------------------------------------------------------------------------------

const MINUTE = 60, HOUR = 60 * MINUTE, DAY = 24 * HOUR;
const UNITS = [[MINUTE, "min", HOUR], [HOUR, "h", 2 * DAY], [DAY, "d", 28 * DAY], [7 * DAY, "w", 728 * DAY], [365 * DAY, "y", Infinity]];
const EXACT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });

function inShort(seconds) {
  const [unit, word] = UNITS.find(([, , end]) => seconds < end);
  return `${Math.max(Math.floor(seconds / unit), 0)} ${word}`;
}

function showTimes() {
  for (const time of all("time[datetime]")) {
    const moment = new Date(time.dateTime);
    time.title = EXACT.format(moment);
    if (time.dataset.after === undefined) continue;
    const seconds = (Date.now() - moment) / 1000;
    time.textContent = seconds < MINUTE ? "now" : inShort(seconds) + time.dataset.after;
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// The theme: the cookie that the server reads (desk/pages.py), and the page at once
// ---------------------------------------------------------------------------------------------------------------------

const root = document.documentElement;
const prefersDark = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : prefersDark.matches);

function switchTheme(event) {
  event.preventDefault();
  root.dataset.theme = isDark() ? "light" : "dark";
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `theme=${root.dataset.theme}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
}

// ---------------------------------------------------------------------------------------------------------------------
// Menus: one at a time, closed by Escape and by a click elsewhere
// ---------------------------------------------------------------------------------------------------------------------

function closeMenus(but) {
  for (const menu of all("details[name=chip][open]")) if (menu !== but) menu.open = false;
}

document.addEventListener("click", (event) => closeMenus(event.target.closest("details[name=chip]")));
document.addEventListener("keydown", (event) => {
  const open = event.key === "Escape" && document.querySelector("details[name=chip][open]");
  if (!open) return;
  closeMenus();
  open.querySelector("summary").focus();
});

document.querySelector("[data-theme-switch]")?.addEventListener("click", switchTheme);
showTimes();
setInterval(showTimes, 60000);
