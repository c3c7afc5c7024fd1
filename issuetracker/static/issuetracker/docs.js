"use strict";

/* Dark where the desk is (desk/pages.py keeps what was chosen), else where the browser likes it so. */
const chosen = document.cookie.match(/(?:^|; )theme=(light|dark)/)?.[1];
const prefersDark = matchMedia("(prefers-color-scheme: dark)");
const showTheme = () => document.documentElement.classList.toggle("dark-mode", chosen ? chosen === "dark" : prefersDark.matches);
prefersDark.addEventListener("change", showTheme);
showTheme();

const refused = document.querySelector("#refused");

/* Who calls by a session proves that the page is ours, as every form does. */
function withToken(request) {
  /* Without a session nothing is sent along: to the 401 a browser would ask for a name and a password of its own. */
  request.credentials = document.body.dataset.callsAs ? "same-origin" : "omit";
  const token = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1];
  const isOurs = new URL(request.url, location.href).origin === location.origin;
  if (token && isOurs && !["GET", "HEAD", "OPTIONS"].includes((request.method ?? "GET").toUpperCase())) {
    request.headers["X-CSRFToken"] = token;
  }
  return request;
}

function sayWhy(response) {
  if (response.status === 401) {
    const detail = response.obj?.detail ?? response.body?.detail ?? "";
    refused.textContent = `401: the service doesn't know who calls. ${detail} Log in (above), or say a key or a token under "Authorize".`;
  }
  refused.hidden = response.status !== 401;
  return response;
}

SwaggerUIBundle({
  url: "../schema/",
  dom_id: "#swagger-ui",
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  validatorUrl: null, // the default would show the document to somebody else's server
  requestInterceptor: withToken,
  responseInterceptor: sayWhy,
});
