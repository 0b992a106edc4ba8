import { createRandom } from '@perstream/kit'
import { type FlowPeer, startC, startOpenCv, startOwn } from './flow-peers'
import { type BenchReport, type Figure, helpIfAsked, interleave, median, printReport, ratio } from './harness'

helpIfAsked(`bench:flow. Optical flow of a 224x224 pair: against C, OpenCV.js and TypeScript.

  npm run bench:flow -- [--json]

  --json   one JSON object`)

const size = 224
/** Milliseconds a contestant gets each round, whatever its speed. */
const turn = 6
const rounds = 51

/** A textured image moved by (dx, dy), with a little noise, as a camera would see it. */
function textured(dx: number, dy: number, seed: number): Uint8Array {
  const random = createRandom(seed)
  return Uint8Array.from({ length: size * size }, (_, i) => {
    const x = (i % size) + dx
    const y = Math.floor(i / size) + dy
    return (
      128 + 45 * Math.sin(x / 7) + 35 * Math.cos(y / 5 + x / 19) + 20 * Math.sin((x * y) / 900) + 4 * random.gaussian()
    )
  })
}

/** Each peer's milliseconds a pair, round by round, by its own clock. */
async function race(peers: Readonly<Record<string, FlowPeer>>): Promise<Record<string, number[]>> {
  const own: Record<string, number[]> = {}
  const contestants: (readonly [string, () => Promise<unknown>])[] = []
  for (const [name, peer] of Object.entries(peers)) {
    const warm = await peer.measure(100)
    const pairs = Math.max(1, Math.round((turn * 100) / warm.milliseconds))
    own[name] = []
    contestants.push([name, async () => own[name]!.push((await peer.measure(pairs)).milliseconds / pairs)])
  }
  await interleave(Object.fromEntries(contestants), rounds)
  return Object.fromEntries(Object.entries(own).map(([name, times]) => [name, times.slice(1)]))
}

async function bench(): Promise<BenchReport> {
  const previous = textured(0, 0, 1)
  const current = textured(1.5, 0.7, 2)
  const images = Buffer.concat([previous, current])
  const notes = [
    `one rendered pair of ${size}x${size}, measured over and over for ${turn} ms a turn, ${rounds} rounds in turn`,
    'milliseconds are CPU time: other programs on the machine stretch wall time, and long turns more than short ones',
  ]
  const peers: Record<string, FlowPeer> = {
    wasm: startOwn('wasm', images, size, size),
    typescript: startOwn('typescript', images, size, size),
    opencv: await startOpenCv(previous, current, size, size),
  }
  const c = startC(images, size, size)
  if (typeof c === 'string') notes.push(`peer missing: ${c}`)
  else peers.c = c
  const motions = await agree(peers)
  notes.push(`mean motion found: ${motions}`)
  const times = await race(peers)
  for (const peer of Object.values(peers)) peer.close()
  return { bench: 'flow', figures: figures(times), notes }
}

/** Throws when the peers do not find the same motion: then their times mean nothing. */
async function agree(peers: Readonly<Record<string, FlowPeer>>): Promise<string> {
  const found = await Promise.all(
    Object.entries(peers).map(async ([name, peer]) => ({ name, motion: (await peer.measure(1)).motion })),
  )
  const [first] = found
  for (const { name, motion } of found)
    if (Math.abs(motion - first!.motion) > 1e-3 * first!.motion)
      throw new TypeError(
        `${name} finds a motion of ${motion}, ${first!.name} of ${first!.motion}: not the same quantity`,
      )
  return found.map(({ name, motion }) => `${name} ${motion.toFixed(9)}`).join(', ')
}

function figures(times: Readonly<Record<string, number[]>>): Figure[] {
  const milliseconds = Object.entries(times).map(
    ([name, values]): Figure => ({ name: `${name}, a pair`, value: median(values), unit: 'ms', better: 'lower' }),
  )
  const against: Figure[] = [
    {
      name: 'OpenCV.js / WASM kernel',
      value: ratio(times.opencv!, times.wasm!),
      unit: 'x',
      goal: 3,
      better: 'higher',
      peer: '@techstark/opencv-js 4.10: Sobel + boxFilter + solve',
    },
  ]
  const peer = 'gcc -O3 -march=native -ffast-math'
  if (times.c)
    against.push(
      { name: 'WASM kernel / C', value: ratio(times.wasm!, times.c), unit: 'x', goal: 2.3, better: 'lower', peer },
      {
        name: 'TypeScript twin / C',
        value: ratio(times.typescript!, times.c),
        unit: 'x',
        goal: 7,
        better: 'lower',
        peer,
      },
    )
  return [...milliseconds, ...against]
}

printReport(await bench())
