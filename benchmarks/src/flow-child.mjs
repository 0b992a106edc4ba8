// The kernels of @perstream/video for bench:flow, in a process of their own as the C peer is, and in plain Node as users run
// them: under the benchmarks' TypeScript loader, V8 checks each access to a typed array (the loader has transferred a buffer,
// which lifts the promise that none is ever detached), and the TypeScript twin takes a quarter longer.
// Arguments, input and output as in flow-peer.c, after the engine.
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { createFlowKernel } from '@perstream/video'

const [engine, width, height, file] = process.argv.slice(2)
const images = new Uint8Array(readFileSync(file))
const [previous, current] = [images.slice(0, width * height), images.slice(width * height)]
const kernel = createFlowKernel(Number(width), Number(height), { engine })

for await (const line of createInterface({ input: process.stdin })) {
  const start = process.cpuUsage()
  let motion = 0
  for (let i = 0; i < Number(line); i++) motion = kernel.flow(previous, current)
  const { user, system } = process.cpuUsage(start)
  console.log((user + system) / 1000, motion)
}
