import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { createCrossEncoder } from '@perstream/backends/models'
import { createOnnxRuntime } from '@perstream/backends/onnx'
import { createWinkTriplets } from '@perstream/lite'
import { openEncoders } from './gate/encoders'
import { type Figure, helpIfAsked, printReport } from './harness'
import { createBaselines, createFixedMix } from './recall/baselines'
import { cachedEncoder, cachedReranker, cachedTriplets } from './recall/cached'
import { type DriveData, loadDriveData } from './recall/drivenact'
import { ablations, createGraphRanker, createPrototypeRanker } from './recall/graph-rankers'
import { leaveOneOut, measureAll, type ProtocolScores, protocols } from './recall/measure-drive'
import { measureOwn, type OwnScores } from './recall/measure-own'
import type { Ranker, RankerTools } from './recall/ranker'
import { driveFigures, driveTable } from './recall/report-drive'
import { ownFigures, ownTable } from './recall/report-own'
import { recallSet } from './recall/set/index'

helpIfAsked(`bench:recall. What retrieval finds, of the rows of the prototype's data set and of the project's own set.

  npm run bench:recall -- [--ablation] [--encoders A,B] [--reranker DIR] [--data FILE] [--json]

  --ablation       the memory graph without each of its parts
  --encoders A,B   of USE-lite, MiniLM (all that are here)
  --reranker DIR   the memory graph with a cross-encoder too: a published folder or one with ready-made models
  --data FILE      rows of the data set, as JSON
  --json           one JSON object`)

const root = fileURLToPath(new URL('../..', import.meta.url))
const shared = process.env.PERSTREAM_SHARED ?? `${root}../shared`
const { values: options } = parseArgs({
  options: {
    ablation: { type: 'boolean' },
    encoders: { type: 'string' },
    reranker: { type: 'string' },
    data: { type: 'string', default: `${shared}/data/drivenact.train-val.json` },
    json: { type: 'boolean' },
  },
})
const seeds = [1, 2, 3, 4, 5]
const mixWeights = [0.1, 0.2, 0.3, 0.5, 0.8, 1.2]
const mix = 'cosine + 0.3 BM25/max'
const mixLeftOut = 'the mix, weight of the others'
const ourWeights = [
  {},
  { graph: 0 },
  ...[3, 4, 6].flatMap((lexical) => [0, 1, 2, 3].map((variety) => ({ lexical, variety }))),
]
const ourLeftOut = 'ours, weights of the others'
const goalEncoder = 'MiniLM'

const figures: Figure[] = []
const lines: string[] = []
const notes = [
  'recall@k of the rows: the share of the cited memories among the first k; the 95 % intervals are of paired bootstraps over the questions',
  'recall of the own set: whether any relevant memory is among the first k; of kind time, the share of them that is (recall@5)',
  '"of the others": for each participant, the weights that did best for all other participants over the three protocols (leave one out)',
  'the prototype: rho 0.6, delta 0.3, top_k 5, all memories in one category, the question embedded alone',
]
const data = existsSync(options.data) ? await loadDriveData(options.data) : undefined
if (!data) notes.push(`the rows were not measured: there is no ${options.data}`)
const wanted = options.encoders?.split(',')
const triplets = cachedTriplets(createWinkTriplets())
await using crossEncoder =
  options.reranker === undefined
    ? undefined
    : await createCrossEncoder({ folder: options.reranker, runtime: createOnnxRuntime() })
const reranker = crossEncoder && cachedReranker(crossEncoder)
for (const { name, encoder, missing } of await openEncoders(shared)) {
  if (wanted && !wanted.includes(name)) continue
  if (encoder) await measureEncoder(name, { encoder: cachedEncoder(encoder), triplets })
  else notes.push(`${name} was not measured: ${missing}`)
}
if (!options.json) console.log(lines.join('\n'))
printReport({ bench: 'recall', figures, notes })

async function measureEncoder(name: string, tools: RankerTools): Promise<void> {
  const ours = createGraphRanker(tools)
  const read = reranker ? [createGraphRanker(tools, 'ours, reranked', { reranker })] : []
  const others = options.ablation
    ? ablations(tools)
    : [...createBaselines(tools), createPrototypeRanker(tools), ...read]
  if (data) await measureRows(name, data, tools, [...others, ours])
  const scores = new Map<string, OwnScores>()
  for (const ranker of [...others, ours]) scores.set(ranker.name, await measureOwn(ranker, recallSet))
  lines.push(...ownTable(`${name}, own set`, scores, options.ablation ? ours.name : mix))
  for (const [method, each] of scores)
    figures.push(...ownFigures(`${name}, own set, ${method}`, each, method === ours.name && name === goalEncoder))
}

async function measureRows(
  name: string,
  rows: DriveData,
  tools: RankerTools,
  rankers: readonly Ranker[],
): Promise<void> {
  const results = new Map<string, ProtocolScores>()
  const measure = async (ranker: Ranker) => {
    console.error(`${name}, rows: ${ranker.name}`)
    return measureAll(ranker, rows, seeds)
  }
  const leftOut = async (settings: readonly Ranker[]) => {
    const scores: ProtocolScores[] = []
    for (const ranker of settings) scores.push(await measure(ranker))
    return leaveOneOut(scores)
  }
  for (const ranker of rankers) results.set(ranker.name, await measure(ranker))
  if (!options.ablation) {
    const mixes = mixWeights.map((weight) => createFixedMix(tools.encoder, weight))
    results.set(mixLeftOut, await leftOut(mixes))
    const named = ourWeights.map((weights) => createGraphRanker(tools, JSON.stringify(weights), { weights }))
    results.set(ourLeftOut, await leftOut(named))
  }
  for (const protocol of protocols) {
    const scores = new Map([...results].map(([method, each]) => [method, each[protocol]]))
    lines.push(...driveTable(`${name}, rows (${protocol})`, scores, options.ablation ? 'ours' : mix))
    for (const [method, each] of scores) {
      const held = method === ourLeftOut && name === goalEncoder
      figures.push(...driveFigures(`${name}, rows (${protocol}), ${method}`, protocol, each, held))
    }
  }
}
