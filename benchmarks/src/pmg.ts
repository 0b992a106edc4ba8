import { freemem } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { helpIfAsked, printReport } from './harness'
import { benchCreate } from './pmg/create'
import { benchJournal } from './pmg/journal'
import { benchOpen } from './pmg/open'
import type { PartOptions, PartReport } from './pmg/part'
import { benchPeers } from './pmg/peers'
import { benchRetrieve } from './pmg/retrieve'
import { benchTensors } from './pmg/tensors'
import { benchVectors } from './pmg/vectors'

const parts: Readonly<Record<string, (options: PartOptions) => Promise<PartReport>>> = {
  vectors: benchVectors,
  retrieve: benchRetrieve,
  create: benchCreate,
  journal: benchJournal,
  open: benchOpen,
  tensors: benchTensors,
  peers: benchPeers,
}

helpIfAsked(`bench:pmg. The memory graph: exact vector search, retrieval from end to end, creating memories, the journal, grids in files, side by side with others.

  npm run bench:pmg -- [--parts A,B] [--sizes N,N] [--rounds N] [--json]

  --parts A,B    of ${Object.keys(parts).join(', ')} (all)
  --sizes N,N    memories in the graph (1000,10000,100000, and 1000000 where 12 GB of memory are free)
  --rounds N     rounds in turn, 7 or more (7)
  --data FILE    memory texts, as JSON (the project's data, else a small set of its own)
  --json         one JSON object`)

const root = fileURLToPath(new URL('../..', import.meta.url))
const shared = process.env.PERSTREAM_SHARED ?? `${root}../shared`
const usualSizes = [1000, 10_000, 100_000, ...(freemem() > 12e9 ? [1_000_000] : [])].join(',')
const { values: options } = parseArgs({
  options: {
    parts: { type: 'string', default: Object.keys(parts).join(',') },
    sizes: { type: 'string', default: usualSizes },
    rounds: { type: 'string', default: '7' },
    data: { type: 'string', default: `${shared}/data/drivenact.train-val.json` },
    json: { type: 'boolean' },
  },
})
const rounds = wholeNumber('--rounds', options.rounds, 7)
const sizes = options.sizes.split(',').map((size) => wholeNumber('--sizes', size, 1))
const reports: PartReport[] = []
for (const name of options.parts.split(',')) {
  const part = parts[name]
  if (!part) throw new TypeError(`--parts names "${name}": the parts are ${Object.keys(parts).join(', ')}`)
  reports.push(await part({ rounds, sizes, data: options.data }))
}
printReport({
  bench: 'pmg',
  figures: reports.flatMap(({ figures }) => figures),
  notes: reports.flatMap(({ notes }) => notes),
})

function wholeNumber(name: string, text: string, least: number): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < least)
    throw new TypeError(`${name} is ${text}: it must be a whole number, ${least} or more`)
  return value
}
