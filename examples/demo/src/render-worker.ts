import { parentPort, workerData } from 'node:worker_threads'
import { createRenderer } from './render/renderer'
import { planProduction } from './script/production'

const renderer = createRenderer(planProduction((workerData as { seed: number }).seed))

parentPort!.on('message', (index: number) => {
  const frame = renderer.render(index)
  parentPort!.postMessage({ index, frame }, [frame.buffer as ArrayBuffer])
})
