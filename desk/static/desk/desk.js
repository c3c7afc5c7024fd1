// The desk works without this: forms and links do everything. It adds times in the zone of who looks, a switch of the
// theme without a new page, and, on the list, keys and a selection that survives paging.
"use strict";

const all = (selector, within = document) => [...within.querySelectorAll(selector)];

// ---------------------------------------------------------------------------------------------------------------------
// Times: the exact one in the zone of who looks, on hover; how long ago, as it grows (desk/templatetags/desk.py). Instants
// in sentences, and the clock of breadcrumbs, in that zone, too; and so is a time that a form asks for, which is posted in
// UTC.
// ---------------------------------------------------------------------------------------------------------------------

const MINUTE = 60, HOUR = 60 * MINUTE, DAY = 24 * HOUR;
const UNITS = [[MINUTE, "min", HOUR], [HOUR, "h", 2 * DAY], [DAY, "d", 28 * DAY], [7 * DAY, "w", 730 * DAY], [365 * DAY, "y", Infinity]];
const EXACT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });
const asUtc = (moment) => moment.toISOString().slice(0, 19);
const inZone = (moment) => asUtc(new Date(moment - moment.getTimezoneOffset() * MINUTE * 1000));

function inShort(seconds) {
  const [unit, word] = UNITS.find(([, , end]) => seconds < end);
  return `${Math.max(Math.floor(seconds / unit), 0)} ${word}`;
}

function showTimes() {
  for (const time of all("time[datetime]")) {
    const moment = new Date(time.dateTime);
    time.title = EXACT.format(moment);
    if ("instant" in time.dataset) time.textContent = inZone(moment).slice(0, 16).replace("T", " ");
    if ("clock" in time.dataset) time.textContent = inZone(moment).slice(11);
    if (time.dataset.after === undefined) continue;
    const seconds = (Date.now() - moment) / 1000;
    time.textContent = seconds < MINUTE ? "now" : inShort(seconds) + time.dataset.after;
  }
}

for (const field of all("input[data-in-utc]")) {
  field.labels[0].textContent = field.dataset.inUtc;
  if (field.value) field.value = inZone(new Date(`${field.value}Z`)).slice(0, 16);
  field.form.addEventListener("formdata", ({ formData }) => {
    if (field.value) formData.set(field.name, asUtc(new Date(field.value)).slice(0, 16));
  });
}

// ---------------------------------------------------------------------------------------------------------------------
// What is on its way isn't sent again: a double-click would write a note twice. Unless it takes so long that it may not
// have got through, or its page is shown again.
// ---------------------------------------------------------------------------------------------------------------------

const ON_ITS_WAY = 10 * 1000;
let sentAt = new WeakMap();

document.addEventListener("submit", (event) => {
  if (event.target.method !== "post") return;
  const now = performance.now();
  if (now - sentAt.get(event.target) < ON_ITS_WAY) event.preventDefault();
  else sentAt.set(event.target, now);
});
window.addEventListener("pageshow", () => { sentAt = new WeakMap(); });

// ---------------------------------------------------------------------------------------------------------------------
// A note that somebody writes is kept in the tab until a page shows it as written, or, of several issues, a message says
// so: a session may end meanwhile, or the network go away, and what was typed with it.
// ---------------------------------------------------------------------------------------------------------------------

const newestOwnNote = () => Math.max(0, ...all("[data-own-note]").map((step) => Number(step.dataset.ownNote)));

const keptAs = (draft) => `desk.draft.${draft}`;

for (const message of all("[data-noted]")) sessionStorage.removeItem(keptAs(message.dataset.noted));
for (const field of all("textarea[data-draft]")) {
  const name = keptAs(field.dataset.draft);
  const keep = (more) => {
    if (field.value.trim()) sessionStorage.setItem(name, JSON.stringify({ text: field.value, ...more }));
    else sessionStorage.removeItem(name);
  };
  const kept = JSON.parse(sessionStorage.getItem(name));
  if (kept && newestOwnNote() > kept.sentAfter) sessionStorage.removeItem(name);
  else if (kept && !field.value) field.value = kept.text;
  field.addEventListener("input", () => keep());
  field.form.addEventListener("submit", () => keep({ sentAfter: newestOwnNote() }));
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
// Menus: one at a time, closed by Escape and by a click elsewhere; none reaches beyond the window
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

document.addEventListener("toggle", ({ target }) => {
  const menu = target.open && target.querySelector(".menu");
  if (!menu) return;
  menu.style.translate = "";
  const beyond = menu.getBoundingClientRect().right - (document.documentElement.clientWidth - 12);
  if (beyond > 0) menu.style.translate = `${-beyond}px`;
}, true); // it doesn't bubble

// ---------------------------------------------------------------------------------------------------------------------
// The page of an action came by a POST: who went back to it would be asked to send that again, by a page of the browser.
// So its place in the history is the page that it leads back to.
// ---------------------------------------------------------------------------------------------------------------------

const leadsBack = document.querySelector("form.act > input[name=back]");
if (leadsBack) history.replaceState(null, "", leadsBack.value);

// ---------------------------------------------------------------------------------------------------------------------
// The selection of the list: kept while one pages through one view, forgotten in another and when something was done
// ---------------------------------------------------------------------------------------------------------------------

const acting = document.querySelector("form[data-acting]");
const KEPT = "desk.selection";

class Selection {
  constructor(form) {
    this.form = form;
    this.boxes = all("input[name=id]", form);
    this.ofPage = form.querySelector("[data-all-of-page]");
    this.everything = form.querySelector("input[name=all]");
    this.ids = new Set(this.kept().ids);
    if (this.everything) this.everything.checked = this.kept().all;
    for (const box of this.boxes) box.checked = this.ids.has(box.value);
    form.addEventListener("change", (event) => this.changed(event.target));
    form.addEventListener("submit", () => this.bringAlong());
    this.ofPage.hidden = false;
    form.classList.add("has-script");
    this.show();
  }

  kept() {
    const none = { view: this.form.dataset.acting, ids: [], all: false };
    if (document.querySelector(".message.success")) return none;
    try {
      const found = JSON.parse(sessionStorage.getItem(KEPT));
      return found?.view === none.view ? found : none;
    } catch {
      return none;
    }
  }

  changed(box) {
    if (box === this.ofPage) for (const each of this.boxes) each.checked = box.checked;
    for (const each of this.boxes) each.checked ? this.ids.add(each.value) : this.ids.delete(each.value);
    // Who picks single ones does not mean all, even if that was said before.
    if (box !== this.everything && this.everything) this.everything.checked = false;
    this.show();
  }

  get isAll() {
    return Boolean(this.everything?.checked);
  }

  show() {
    const count = this.ids.size, onPage = this.boxes.filter((box) => box.checked).length;
    const kept = { view: this.form.dataset.acting, ids: [...this.ids], all: this.isAll };
    sessionStorage.setItem(KEPT, JSON.stringify(kept));
    this.ofPage.checked = onPage === this.boxes.length;
    this.ofPage.indeterminate = onPage > 0 && onPage < this.boxes.length;
    const elsewhere = count > onPage ? `, ${count - onPage} on other pages` : "";
    this.form.querySelector("[data-selected]").textContent = this.isAll ? "" : count ? `${count} selected${elsewhere}` : "";
    this.form.classList.toggle("has-selection", count > 0 || this.isAll);
    this.form.classList.toggle("has-all", this.isAll);
  }

  bringAlong() {
    this.form.querySelector("input[name=ids]")?.remove();
    const here = new Set(this.boxes.map((box) => box.value));
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name: "ids", value: [...this.ids].filter((id) => !here.has(id)).join(",") });
    this.form.append(field);
  }

  toggle(box) {
    box.checked = !box.checked;
    this.changed(box);
  }

  get isEmpty() {
    return !this.isAll && this.ids.size === 0;
  }
}

const selection = acting && new Selection(acting);

// ---------------------------------------------------------------------------------------------------------------------
// Keys: those of buttons and links stand on them (data-key); j, k and x are the list's, where no link has them
// ---------------------------------------------------------------------------------------------------------------------

const rows = all("tr[data-id]");
const currentRow = () => document.activeElement.closest?.("tr[data-id]") ?? null;

function move(by) {
  const at = rows.indexOf(currentRow());
  const row = rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(Math.max(at + by, 0), rows.length - 1)];
  row?.querySelector("a.title").focus();
  row?.scrollIntoView({ block: "nearest" });
}

// Where one was in the list, for when one comes back to it from an action, or from an issue: that row, or the first of
// those behind it that is left. With a message above the list, the page stays where that can be read, until the next key.
const PLACE = "desk.place";
const keepPlace = (address, ids) => sessionStorage.setItem(PLACE, JSON.stringify({ address, ids }));

if (acting) {
  const kept = JSON.parse(sessionStorage.getItem(PLACE));
  sessionStorage.removeItem(PLACE);
  const ids = kept?.address === location.pathname + location.search ? kept.ids : [];
  const row = ids.map((id) => rows.find((each) => each.dataset.id === id)).find(Boolean);
  row?.querySelector("a.title").focus({ preventScroll: document.querySelector(".message") !== null });
  document.addEventListener("submit", () => { // of an action, and of the undo in a message
    const ids = rows.map((each) => each.dataset.id), at = rows.indexOf(currentRow());
    if (at >= 0) keepPlace(location.pathname + location.search, [...ids.slice(at), ...ids.slice(0, at).reverse()]);
  });
}

const read = document.querySelector("[data-issue]");
read?.querySelector("a[data-list]").addEventListener("click", ({ currentTarget }) => {
  const beside = all("a[rel=next], a[rel=prev]", read.querySelector(".of-list")).reverse(); // the next before the previous
  const ids = beside.map((link) => link.pathname.match(/issues\/(\d+)\//)[1]);
  keepPlace(currentTarget.pathname + currentTarget.search, [read.dataset.issue, ...ids]);
});

function press(key) {
  const button = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (!button || button.disabled) return false;
  if (button.matches("textarea")) {
    button.focus();
    return true;
  }
  const box = selection?.isEmpty && currentRow()?.querySelector("input[name=id]");
  if (box && acting.contains(button)) selection.toggle(box);
  button.click();
  return true;
}

const KEYS = {
  j: () => move(1),
  k: () => move(-1),
  x: () => {
    const box = currentRow()?.querySelector("input[name=id]");
    if (box) selection.toggle(box);
  },
  "/": () => {
    const search = document.querySelector("[data-search]");
    if (search) {
      search.focus();
      search.setSelectionRange(search.value.length, search.value.length);
    } else location.assign(`${all("[data-list]").at(-1).href}#search`);
  },
  "?": () => document.querySelector("#keys").showModal(),
};

// Who speaks to the computer switches them off, at the list of keys: a word would press five. Kept in this browser.
const KEYS_OFF = "desk.keys-off";

function switchKeys(areOn) {
  if (areOn) localStorage.removeItem(KEYS_OFF);
  else localStorage.setItem(KEYS_OFF, "");
  showWhetherKeysAreOn();
}

function showWhetherKeysAreOn() {
  const areOn = localStorage.getItem(KEYS_OFF) === null;
  document.querySelector("[data-keys-on]").checked = areOn;
  root.dataset.keys = areOn ? "on" : "off";
}

const isTyping = (target) => target.matches("input:not([type=checkbox]), textarea, select, [contenteditable]");

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (isTyping(event.target)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (root.dataset.keys === "off") return;
  // A key that is held repeats: it goes on down the list, and does nothing else twice. An undo of an undo would.
  const isButton = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`) !== null;
  if (event.repeat && (isButton || !"jk".includes(event.key))) return;
  // What stands on the page first: on an issue's, j and k are links to those beside it in the list.
  if (/^[a-z\[\]]$/.test(event.key) && press(event.key)) event.preventDefault();
  else if (KEYS[event.key]) {
    KEYS[event.key]();
    event.preventDefault();
  }
});

// Who listens to the page is told what was done: of what is there from the start, most readers say nothing, and the focus
// may be further down.
const said = all(".message p").map((sentence) => sentence.textContent).join(" ");
if (said) setTimeout(() => { document.querySelector("[data-said]").textContent = said; }, 300);

const showKeys = document.querySelector("[data-show-keys]");
showKeys.hidden = false;
showKeys.addEventListener("click", KEYS["?"]);
document.querySelector("[data-keys-on]").addEventListener("change", ({ target }) => switchKeys(target.checked));
window.addEventListener("storage", showWhetherKeysAreOn); // switched in another window
showWhetherKeysAreOn();

if (location.hash === "#search") KEYS["/"](); // as pressed on a page that has none

document.querySelector("[data-theme-switch]")?.addEventListener("click", switchTheme);
showTimes();
setInterval(showTimes, 60000);
