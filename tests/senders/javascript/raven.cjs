// A program with Raven, which was Sentry's SDK for Node.js until 2018. It knows no causes.
const Raven = require("raven");

Raven.config({ environment: process.env.SENTRY_ENVIRONMENT }).install();
Raven.setContext({ user: { id: "42" }, tags: { pump: "3" } });

class PumpError extends Error {
  name = "PumpError";
}

function start() {
  throw new PumpError("pump 3 lost suction");
}

try {
  start();
} catch (error) {
  Raven.captureException(error);
}
Raven.captureMessage("The pump has stopped");
