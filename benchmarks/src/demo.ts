import { parseArgs } from 'node:util'
import { demoScript } from '@perstream-examples/demo'
import { askDemo, type DemoMark } from './demo/ask-demo'
import { wordRecall } from './demo/word-recall'
import { findDemoClip } from './demo-clip'
import { type Figure, helpIfAsked, printReport } from './harness'

helpIfAsked(`bench:demo. The demo's questions on clips of many seeds, answered from pixels alone.

  npm run bench:demo -- [--seeds A-B] [--json]

  --seeds A-B   which clips; rendered when they are not there, minutes each (1-10)
  --json        one JSON object`)

const { values: options } = parseArgs({
  options: { seeds: { type: 'string', default: '1-10' }, json: { type: 'boolean' } },
})

async function main(): Promise<void> {
  const seeds = parseSeeds(options.seeds)
  const figures: Figure[] = []
  const notes = ['answers are judged by the rule of the demo; the memory lies in RAM; a clip has 11 questions or so']
  let whole = 0
  for (const seed of seeds) {
    const clip = await findDemoClip(seed)
    const { marks, speed, memories } = await askDemo(seed, clip)
    const right = marks.filter((mark) => mark.right).length
    if (right === marks.length) whole++
    figures.push(
      { name: `seed ${seed}: questions answered right, of ${marks.length}`, value: right, unit: '', better: 'higher' },
      {
        name: `seed ${seed}: words read in a single frame, of those it shows`,
        value: await wordRecall(clip, demoScript(seed)),
        unit: '',
        goal: 0.85,
        better: 'lower',
      },
      { name: `seed ${seed}: speed against real time`, value: speed, unit: 'x', goal: 2, better: 'higher' },
    )
    notes.push(...marks.filter((mark) => !mark.right).map((mark) => tellWrong(seed, mark, memories)))
  }
  const goal = Math.ceil(0.9 * seeds.length)
  const all = { name: `seeds with every question right, of ${seeds.length}`, value: whole, unit: '', goal }
  printReport({ bench: 'demo', figures: [{ ...all, better: 'higher' }, ...figures], notes })
}

function parseSeeds(range: string): number[] {
  const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(range) ?? []
  if (first === undefined || Number(last) < Number(first)) throw new TypeError(`--seeds is ${range}: give A-B, or one`)
  return Array.from({ length: Number(last) - Number(first) + 1 }, (_, i) => Number(first) + i)
}

/** Says what was answered, what is right, and what the memory held of it. */
function tellWrong(seed: number, { question, answer, shown }: DemoMark, memories: readonly string[]): string {
  const right = question.answerable
    ? question.accept.map((all) => all.join(' and ')).join(', or ')
    : 'that it was not seen'
  const words = new Set(shown.map(plain))
  const common = (text: string) => text.split(/\s+/).filter((word) => words.has(plain(word))).length
  const nearest = [...memories].sort((a, b) => common(b) - common(a))[0]
  const held = nearest === undefined || common(nearest) === 0 ? 'nothing of it' : oneLine(nearest)
  return [
    `seed ${seed}, WRONG: ${question.question}`,
    `  answered: ${oneLine(answer.text)}`,
    `  right:    ${right}`,
    `  cited:    ${answer.citations.map(({ text }) => oneLine(text)).join(' | ') || 'nothing'}`,
    ...(question.answerable ? [`  shown:    ${shown.join(' ')}`, `  memory:   ${held}`] : []),
  ].join('\n')
}

const plain = (word: string) => word.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '')
const oneLine = (text: string) => text.replace(/\s*\n\s*/g, ' / ')

await main()
