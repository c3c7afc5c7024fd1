// A page with Sentry's SDK for browsers. Its address says where to send to, and whether with a header of its own, for
// which a browser asks first.
import * as Sentry from "@sentry/browser";

const asked = new URLSearchParams(location.search);
Sentry.init({
  dsn: asked.get("dsn"),
  release: asked.get("release"),
  environment: asked.get("environment"),
  transportOptions: asked.has("header") ? { headers: { "X-Requested-With": "pump-station" } } : {},
});
Sentry.setUser({ id: "42" });
Sentry.setTag("pump", "3");

class PumpError extends Error {
  name = "PumpError";
}

function start() {
  try {
    null.pressure;
  } catch (cause) {
    throw new PumpError("pump 3 lost suction", { cause });
  }
}

try {
  start();
} catch (error) {
  Sentry.captureException(error);
}
Sentry.captureMessage("The pump has stopped");
Sentry.close(10_000).then((sent) => (document.title = sent ? "Sent" : "Not sent"));
