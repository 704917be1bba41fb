// node peers.cjs ENGINE INPUT.json → {"seconds": CPU seconds, "hits": [[rule id, …] of each patient]}
// ENGINE is json-rules-engine or cql-execution; INPUT holds {patients, json_rules, elm}.
const fs = require('fs')

const [engine, path] = process.argv.slice(2)
const { patients, json_rules, elm } = JSON.parse(fs.readFileSync(path))

function jsonRulesEngine() {
  const { Engine } = require('json-rules-engine')
  const rules = new Engine([])
  rules.addOperator('medicineWithin', (medicines, { word, days }) =>
    medicines.some(medicine => medicine.code.startsWith(word) && medicine.days <= days))
  rules.addOperator('anyStartsWith', (codes, word) => codes.some(code => code.startsWith(word)))
  for (const rule of json_rules) rules.addRule(rule)
  return async patient => (await rules.run(patient)).events.map(event => event.type)
}

function cqlExecution() {
  const cql = require('cql-execution')
  const library = new cql.Library(elm)
  const noPatients = new cql.PatientSource([])
  return async patient => {
    const results = await new cql.Executor(library, null, { P: patient }).exec(noPatients)
    return Object.entries(results.unfilteredResults).filter(([, held]) => held === true).map(([id]) => id)
  }
}

async function main() {
  const read = { 'json-rules-engine': jsonRulesEngine, 'cql-execution': cqlExecution }[engine]()
  for (const patient of patients.slice(0, 200)) await read(patient) // warm
  const hits = []
  const before = process.cpuUsage()
  for (const patient of patients) hits.push((await read(patient)).sort())
  const used = process.cpuUsage(before)
  console.log(JSON.stringify({ seconds: (used.user + used.system) / 1e6, hits }))
}

main()
