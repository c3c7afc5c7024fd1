// Calls a function of @sentry/api and prints what it gives back.
// Argument: the package's file. Input: {"baseUrl", "token", "call": [name, options]}, as JSON.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const sentry = await import(pathToFileURL(process.argv[2]));
const { baseUrl, token, call } = JSON.parse(readFileSync(0, "utf8"));
const [name, options] = call;
const headers = { Authorization: `Bearer ${token}` };
const { data, error, response } = await sentry[name]({ ...options, baseUrl, headers });
console.log(JSON.stringify({ status: response.status, data, error }));
