// django-unfold's menus, its filters and its switch of dark and light answer the mouse only: to a keyboard they are
// neither links nor buttons. Here they become buttons.
"use strict";

const CONTROLS = "[x-on\\:click]:not(a[href], button, input, #changelist-filter-close)";

document.addEventListener("DOMContentLoaded", () => {
  for (const control of document.querySelectorAll(CONTROLS)) {
    control.tabIndex = 0;
    control.setAttribute("role", "button");
  }
});

document.addEventListener("keydown", (event) => {
  if (!["Enter", " "].includes(event.key) || !event.target.matches(CONTROLS)) return;
  event.preventDefault();
  event.target.click();
  if (event.target.getAttribute("x-on:click").includes("filterOpen")) {
    // They stand behind the list: nobody should have to walk through all of it first.
    requestAnimationFrame(() => document.querySelector("#changelist-filter a")?.focus());
  }
});
