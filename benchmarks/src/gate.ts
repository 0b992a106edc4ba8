import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { backgroundTexts, createRememberGate, memoryCategories } from '@perstream/gate'
import { createRandom, encodeAll, normalize } from '@perstream/kit'
import type { GateMode, RememberGate, TextEncoder } from '@perstream/spec'
import { openEncoders } from './gate/encoders'
import { loadGroups, type TextGroup } from './gate/groups'
import { lookAlikes } from './gate/look-alikes'
import { type Figure, helpIfAsked, printReport } from './harness'

helpIfAsked(`bench:gate. How much passes the gate, by mode, text encoder and kind of input.

  npm run bench:gate -- [--data FILE] [--json]

  --data FILE   memory texts, as JSON (the project's data, else a small set of its own)
  --json        one JSON object`)

const modes: readonly GateMode[] = ['calibrated', 'relative', 'per-patch', 'absolute']
const randomVectors = 2000
const folds = 8
const streamLength = 16

type Kind = TextGroup['kind'] | 'random'

/** What the default mode is held to; the other modes only inform. */
const goals: Readonly<Record<Kind, Pick<Figure, 'goal' | 'better'>>> = {
  memory: { goal: 90, better: 'higher' },
  empty: { goal: 10, better: 'lower' },
  random: { goal: 1, better: 'lower' },
}

const root = fileURLToPath(new URL('../..', import.meta.url))
const shared = process.env.PERSTREAM_SHARED ?? `${root}../shared`
const { values: options } = parseArgs({
  options: { data: { type: 'string' }, json: { type: 'boolean' } },
})
const { groups, note } = await loadGroups(options.data, `${shared}/data/drivenact.train-val.json`)
const figures: Figure[] = []
const notes = [note]
for (const { name, encoder, missing } of await openEncoders(shared)) {
  if (encoder) figures.push(...(await measureEncoder(name, encoder)))
  else notes.push(`${name} was not measured: ${missing}`)
}
printReport({ bench: 'gate', figures, notes })

interface Scored {
  readonly name: string
  readonly kind: Kind
  readonly scores: readonly number[]
  /** The part that was remembered, 0..1. */
  readonly passed: number
}

async function measureEncoder(name: string, text: TextEncoder): Promise<Figure[]> {
  const cache = new Map<string, Float32Array>()
  const inputs: { name: string; kind: Kind; vectors: Float32Array[] }[] = []
  for (const { name, kind, texts } of groups) inputs.push({ name, kind, vectors: await encodeAll(text, texts) })
  inputs.push({ name: 'random vectors', kind: 'random', vectors: randomUnits(text.dimensions) })
  const measured: Figure[] = []
  for (const mode of modes) {
    const gate = await createRememberGate({ text, mode, cache })
    const scored = inputs.map(({ name, kind, vectors }) => ({ name, kind, ...judge(gate, vectors) }))
    const title = `${name}, ${mode} > ${gate.threshold}`
    measured.push(...scored.map((group) => passFigure(title, mode, group)), ...curveFigures(title, scored))
  }
  const memories = inputs.filter(({ name }) => name.endsWith('memories')).flatMap(({ vectors }) => vectors)
  return [
    ...measured,
    ...(await measureStream(name, text, cache, memories)),
    ...(await crossValidate(name, text, cache)),
  ]
}

/** Asks what passes after it, or something like it, or much else was stored. */
async function measureStream(
  name: string,
  text: TextEncoder,
  cache: Map<string, Float32Array>,
  memories: readonly Float32Array[],
): Promise<Figure[]> {
  const gate = await createRememberGate({ text, cache })
  const firsts = await encodeAll(
    text,
    lookAlikes.map(([first]) => first),
  )
  const seconds = await encodeAll(
    text,
    lookAlikes.map(([, second]) => second),
  )
  const part = (vectors: readonly Float32Array[], recent: (i: number) => readonly Float32Array[]) =>
    vectors.filter((vector, i) => gate.decide([vector], { recent: recent(i) }).remember).length / vectors.length
  const figure = (what: string, value: number, goal: number, better: Figure['better']): Figure => ({
    name: `${name}, calibrated, on a stream: ${what} that pass`,
    value: 100 * value,
    unit: '%',
    goal,
    better,
  })
  return [
    figure(
      'memories stored a moment ago',
      part(memories, (i) => [memories[i]!]),
      1,
      'lower',
    ),
    figure(
      `memories after ${streamLength} others`,
      part(memories, (i) => memories.slice(Math.max(0, i - streamLength), i)),
      90,
      'higher',
    ),
    figure(
      `${lookAlikes.length} look-alikes of what was just stored`,
      part(seconds, (i) => [firsts[i]!]),
      90,
      'higher',
    ),
  ]
}

function randomUnits(dimensions: number): Float32Array[] {
  const random = createRandom(7)
  return Array.from({ length: randomVectors }, () =>
    normalize(Float32Array.from({ length: dimensions }, () => random.gaussian())),
  )
}

function judge(gate: RememberGate, vectors: readonly Float32Array[]): Pick<Scored, 'scores' | 'passed'> {
  const decisions = vectors.map((vector) => gate.decide([vector]))
  const passed = decisions.filter(({ remember }) => remember).length / decisions.length
  return { scores: decisions.map(({ score }) => score), passed }
}

function passFigure(title: string, mode: GateMode, { name, kind, passed }: Scored): Figure {
  const { better, ...goal } = goals[kind]
  return {
    name: `${title}: ${name} that pass`,
    value: 100 * passed,
    unit: '%',
    better,
    ...(mode === 'calibrated' ? goal : {}),
  }
}

function curveFigures(title: string, scored: readonly Scored[]): Figure[] {
  const of = (name: (group: Scored) => boolean) => scored.filter(name).flatMap(({ scores }) => scores)
  const memories = of(({ name }) => name.endsWith('memories'))
  const area = (name: string, others: readonly number[]): Figure => ({
    name: `${title}: area under the curve, memories against ${name}`,
    value: areaUnderCurve(memories, others),
    unit: '',
    better: 'higher',
  })
  return ['content-free', 'random vectors'].map((other) =>
    area(
      other,
      of(({ name }) => name === other),
    ),
  )
}

/** The chance that one of the first is larger than one of the second; ties count half. */
function areaUnderCurve(first: readonly number[], second: readonly number[]): number {
  let wins = 0
  for (const a of first) for (const b of second) wins += a > b ? 1 : a === b ? 0.5 : 0
  return wins / (first.length * second.length)
}

/** Passes the gate's own sentences through gates that were made without them. */
async function crossValidate(name: string, text: TextEncoder, cache: Map<string, Float32Array>): Promise<Figure[]> {
  const passed = { examples: 0, background: 0 }
  for (let fold = 0; fold < folds; fold++) {
    const kept = (texts: readonly string[]) => texts.filter((_, i) => i % folds !== fold)
    const left = (texts: readonly string[]) => texts.filter((_, i) => i % folds === fold)
    const gate = await createRememberGate({
      text,
      cache,
      categories: memoryCategories.map((category) => ({ ...category, examples: kept(category.examples ?? []) })),
      background: kept(backgroundTexts),
    })
    const count = async (texts: readonly string[]) =>
      (await encodeAll(text, texts)).filter((vector) => gate.decide([vector]).remember).length
    passed.examples += await count(memoryCategories.flatMap(({ examples = [] }) => left(examples)))
    passed.background += await count(left(backgroundTexts))
  }
  const figure = (what: string, part: number, better: Figure['better'], goal: number): Figure => ({
    name: `${name}, calibrated, ${folds}-fold: ${what} that pass`,
    value: 100 * part,
    unit: '%',
    goal,
    better,
  })
  const examples = memoryCategories.flatMap(({ examples = [] }) => examples).length
  return [
    figure('own examples', passed.examples / examples, 'higher', 90),
    figure('own background', passed.background / backgroundTexts.length, 'lower', 10),
  ]
}
