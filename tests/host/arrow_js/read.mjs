// node read.mjs TRACE EXPECTED: reads a trace with apache-arrow and compares rows, nulls and values with what our reader found.
import { readFileSync } from "node:fs";
import { DataType, tableFromIPC } from "apache-arrow";

const [path, expectedPath] = process.argv.slice(2);
const expected = JSON.parse(readFileSync(expectedPath, "utf8"));
const table = tableFromIPC(readFileSync(path));

let failures = 0;
function check(what, actual, wanted) {
  if (actual === wanted) return;
  failures += 1;
  console.error(`${path}: ${what}: apache-arrow says ${actual}, cbench says ${wanted}`);
}

// Every value as text; floats by their bits, because a NaN's payload is lost when JavaScript reads it as a number.
function* texts(column) {
  if (DataType.isTimestamp(column.type)) {
    // As numbers these are milliseconds; the column holds nanoseconds.
    for (const chunk of column.data)
      for (let i = 0; i < chunk.length; ++i) yield String(new BigInt64Array(chunk.values.buffer, chunk.values.byteOffset)[i]);
    return;
  }
  if (!DataType.isFloat(column.type)) {
    for (const value of column) yield value === null ? null : String(value);
    return;
  }
  for (const chunk of column.data) {
    const bits = new BigUint64Array(chunk.values.buffer, chunk.values.byteOffset, chunk.values.length);
    for (let i = 0; i < chunk.length; ++i) yield chunk.getValid(i) ? bits[i].toString(16).padStart(16, "0") : null;
  }
}

const encoder = new TextEncoder();
function digest(column) {
  let hash = 2166136261;
  for (const value of texts(column))
    for (const byte of encoder.encode(`${value ?? "~"}\n`)) hash = Math.imul(hash ^ byte, 16777619) >>> 0;
  return hash;
}

check("rows", table.numRows, expected.rows);
check("run id", table.schema.metadata.get("cbench.run_id"), expected.run_id);
check("columns", table.schema.fields.length, Object.keys(expected.columns).length);
for (const [name, column] of Object.entries(expected.columns)) {
  const actual = table.getChild(name);
  if (actual === null) {
    check(`column ${name}`, "absent", "present");
    continue;
  }
  check(`nulls in ${name}`, actual.nullCount, column.nulls);
  check(`values of ${name}`, digest(actual), column.digest);
}
console.log(`${path}: ${table.numRows} rows in ${table.batches.length} batches, ${failures} differences`);
process.exit(failures === 0 ? 0 : 1);
