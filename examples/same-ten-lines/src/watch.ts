// Watches a video and answers a question: the same lines whatever runs behind them.
// npx tsx examples/same-ten-lines/src/watch.ts lite|local|remote VIDEO QUESTION
import { createMemoryGraph, createVolatileStore } from '@perstream/pmg'
import { openFrameSource } from '@perstream/video'
import { nodeAvDriver } from '@perstream/video/node-av'
import { createPerStream } from 'perstream'
import { openPreset } from './presets'

const [name = 'lite', video = '', question = 'Where did I park?'] = process.argv.slice(2)
await using preset = await openPreset(name)
await using memory = await createMemoryGraph({ store: createVolatileStore(), text: preset.text })
const source = await openFrameSource(video, { drivers: [nodeAvDriver()] })
for await (const event of createPerStream({ ...preset, source, memory, questions: [{ question }] })) {
  if (event.type === 'memory-stored')
    console.log(event.seconds.toFixed(1), event.outcome, event.text.replaceAll('\n', ' / '))
  if (event.type === 'answered') console.log(`${event.question}\n${event.text}`)
}
