// Loaded into a client before its own code (NODE_OPTIONS): no name but this machine's is looked up. What was
// asked for is written down, so that a test fails when a client tried.
const dns = require("node:dns");
const fs = require("node:fs");

dns.lookup = (name, options, callback = options) => {
  fs.appendFileSync(process.env.ASKED_FOR, `${name}\n`);
  callback(new Error(`This test run talks to 127.0.0.1 alone, not to ${name}.`));
};
