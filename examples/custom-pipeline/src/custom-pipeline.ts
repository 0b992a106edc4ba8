// A memory of one's own: every two seconds the light of a place is put into words, and what the gate passes is remembered.
// Run it: npx tsx examples/custom-pipeline/src/custom-pipeline.ts VIDEO
import { createReferenceTextEncoder } from '@perstream/backends/reference'
import { createRememberGate } from '@perstream/gate'
import { createMemoryGraph, createVolatileStore } from '@perstream/pmg'
import { createExtractiveAnswerer } from '@perstream/responder'
import type { Captioner, Frame, KeyframeSelector } from '@perstream/spec'
import { openFrameSource } from '@perstream/video'
import { nodeAvDriver } from '@perstream/video/node-av'
import { createPerStream } from 'perstream'

const everyTwoSeconds: KeyframeSelector = {
  async *select(frames) {
    let next = 0
    for await (const frame of frames) {
      if (frame.seconds < next) {
        frame.release()
        continue
      }
      next = frame.seconds + 2
      yield { frame, reason: 'interval', motion: 0, sharpness: 0 }
    }
  },
}

const light: Captioner = {
  async *caption(moments, { source }) {
    for await (const moment of moments) {
      const captions = moment.keyframes.map(async ({ frame }) => ({
        text: `I visited a ${await lightOf(frame)} place`,
        origin: 'described' as const,
        confidence: 1,
        evidence: { source, startSeconds: frame.seconds, endSeconds: frame.seconds, frames: [frame.index] },
      }))
      yield { ...moment, captions: await Promise.all(captions) }
    }
  },
}

async function lightOf(frame: Frame): Promise<string> {
  const { data } = await frame.pixels({ height: 32 })
  const mean = data.reduce((sum, value) => sum + value, 0) / data.length
  return mean < 85 ? 'dark' : mean < 170 ? 'dim' : 'bright'
}

const text = createReferenceTextEncoder()
await using memory = await createMemoryGraph({ store: createVolatileStore(), text })
const stream = createPerStream({
  source: await openFrameSource(process.argv[2] ?? '', { drivers: [nodeAvDriver()] }),
  keyframes: everyTwoSeconds,
  caption: light,
  text,
  gate: await createRememberGate({ text, mode: 'absolute', threshold: 0 }),
  memory,
  answer: createExtractiveAnswerer(),
  questions: [{ question: 'What kind of place did I visit?' }],
})
for await (const event of stream) console.log(JSON.stringify(event))
