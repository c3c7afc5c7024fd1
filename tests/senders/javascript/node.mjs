// A program with Sentry's SDK for Node.js.
import * as Sentry from "@sentry/node";

Sentry.init();
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
await Sentry.close(10_000);
