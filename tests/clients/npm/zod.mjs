// Holds JSON against the schemas that the MCP server checks answers with, and prints for each what is wrong with it.
// Argument: the server's bundle, which exports none of them. Input: [[schema, JSON], ...], as JSON.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const bundle = process.argv[2];
const { z } = createRequire(bundle)("zod");
const region = /\/\/#region [^\n]*\/schema-[\w-]+\.js\n((?:(?!\/\/#endregion)[^])*?const EventSchema = [^]*?)\/\/#endregion/;
const [, schemas] = readFileSync(bundle, "utf8").match(region);
const asked = JSON.parse(readFileSync(0, "utf8"));
const names = [...new Set(asked.map(([name]) => name))];
const known = new Function("z", `${schemas}\nreturn { ${names.join(", ")} };`)(z);
console.log(JSON.stringify(asked.map(([name, value]) => known[name].safeParse(value).error?.issues ?? [])));
