import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { helpIfAsked, printReport } from './harness'
import { measureColdStart } from './models/cold-start'
import { measureDecoding } from './models/decoding'
import type { ModelBenchOptions, PartReport } from './models/part'
import { measureScoring } from './models/scoring'
import { measureSentences } from './models/sentences'
import { measureVisualStart } from './models/visual-start'

helpIfAsked(`bench:models. Language and sentence models against bare ONNX Runtime, transformers.js and llama.cpp.

  npm run bench:models -- [--parts A,B] [--models DIR] [--rounds N] [--gguf FILE] [--json]

  --parts A,B    of decoding, scoring, visual, sentences, cold (all)
  --models DIR   folder that holds SmolLM2-135M-Instruct, all-MiniLM-L6-v2 and tiny-qwen2.5-vl
  --rounds N     rounds in which all contestants run in turn (7)
  --gguf FILE    the same SmolLM2 weights for llama.cpp (npm install node-llama-cpp beside it first)
  --json         one JSON object`)

const parts = {
  decoding: { measure: measureDecoding, needs: 'SmolLM2-135M-Instruct' },
  scoring: { measure: measureScoring, needs: 'SmolLM2-135M-Instruct' },
  visual: { measure: measureVisualStart, needs: 'tiny-qwen2.5-vl' },
  sentences: { measure: measureSentences, needs: 'all-MiniLM-L6-v2' },
  cold: { measure: measureColdStart, needs: 'SmolLM2-135M-Instruct' },
} as const satisfies Record<string, { measure: (options: ModelBenchOptions) => Promise<PartReport>; needs: string }>

const root = fileURLToPath(new URL('../..', import.meta.url))
const shared = process.env.PERSTREAM_SHARED ?? join(root, '..', 'shared')
const { values } = parseArgs({
  options: {
    parts: { type: 'string', default: Object.keys(parts).join(',') },
    models: { type: 'string', default: join(shared, 'models') },
    rounds: { type: 'string', default: '7' },
    gguf: { type: 'string' },
    json: { type: 'boolean' },
  },
})

async function main(): Promise<void> {
  const rounds = Number(values.rounds)
  if (!Number.isInteger(rounds) || rounds < 1) throw new TypeError(`--rounds is ${values.rounds}: give 1 or more`)
  const options = { models: values.models, rounds, gguf: values.gguf }
  const reports: PartReport[] = []
  for (const name of values.parts.split(',')) {
    const part = parts[name as keyof typeof parts]
    if (!part) throw new TypeError(`--parts has "${name}": the parts are ${Object.keys(parts).join(', ')}`)
    const needed = join(options.models, part.needs)
    if (existsSync(needed)) reports.push(await part.measure(options))
    else reports.push({ figures: [], notes: [`${name} was not measured: ${needed} is not there`] })
  }
  printReport({
    bench: 'models',
    figures: reports.flatMap(({ figures }) => figures),
    notes: reports.flatMap(({ notes = [] }) => notes),
  })
}

await main()
