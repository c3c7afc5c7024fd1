// Prints the JSON schemas of types, as an object by their names.
// Arguments: the generator's package, the file that declares the types, and their names.
import { createRequire } from "node:module";

const [generator, path, ...names] = process.argv.slice(2);
const { createGenerator } = createRequire(generator)("ts-json-schema-generator");
const config = { path, skipTypeCheck: true, additionalProperties: true, topRef: false, expose: "none" };
const made = createGenerator(config);
console.log(JSON.stringify(Object.fromEntries(names.map((name) => [name, made.createSchema(name)]))));
