// django-unfold's menus, its filters and its switch of dark and light answer the mouse only: to a keyboard they are
// neither links nor buttons. Here they become buttons.
"use strict";

const CONTROLS = "[x-on\\:click]:not(a[href], button, input, #changelist-filter-close)";

document.addEventListener("DOMContentLoaded", () => {
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

// The page is hidden until Alpine has begun, and what is hidden gets no focus: the name, on the page to log in.
document.addEventListener("alpine:initialized", () => {
  requestAnimationFrame(() => document.querySelector("[autofocus]")?.focus());
});
