import { createGraph, encodeModel } from '@perstream/onnx'
import { describe, expect, it } from 'vitest'
import { createOnnxRuntime, createReplicas } from '../src/onnx'
import { offerSoftwareAdapter, testDevice } from './onnx-devices'

offerSoftwareAdapter()
await testDevice('webgpu')

const table = await createOnnxRuntime().capabilities()
const { available, detail } = table.find(({ device }) => device === 'webgpu')!

describe.runIf(available)(`several sessions on webgpu${available ? '' : ` (skipped: ${detail})`}`, () => {
  const graph = createGraph()
  const x = graph.input('x', 'float32', [2])
  graph.output('y', graph.node('Mul', [x, x]), 'float32', [2])
  const model = { bytes: encodeModel(graph.build()) }
  const fed = (i: number) => ({ x: { type: 'float32', shape: [2], data: Float32Array.of(i, -i) } as const })

  it('work off one queue, beside one on the cpu', async () => {
    const places = [{ device: 'webgpu' }, { device: 'webgpu' }, { device: 'cpu' }] as const
    await using replicas = await createReplicas(model, { runtime: createOnnxRuntime(), places, heldOutputs: ['y'] })
    const results = await Promise.all(Array.from({ length: 30 }, (_, i) => replicas.run(fed(i))))
    expect(results.map(({ y }) => y!.data[1])).toEqual(Array.from({ length: 30 }, (_, i) => i * i))
    const held = await Promise.all(Array.from({ length: 6 }, (_, i) => replicas.runHeld(fed(i))))
    const fourth = await Promise.all(held.map(({ y }) => replicas.run({ x: y! })))
    expect(fourth.map(({ y }) => y!.data[0])).toEqual([0, 1, 16, 81, 256, 625])
    for (const { y } of held) y![Symbol.dispose]()
  })

  it('of runtimes in threads of their own and in this one take turns', async () => {
    const runtimes = [true, true, false].map((worker) => createOnnxRuntime({ worker }))
    const sessions = await Promise.all(runtimes.map((runtime) => runtime.open(model, { device: 'webgpu' })))
    const runs = Array.from({ length: 60 }, (_, i) => sessions[i % 3]!.run(fed(i)))
    expect((await Promise.all(runs)).map(({ y }) => y!.data[0])).toEqual(Array.from({ length: 60 }, (_, i) => i * i))
    await Promise.all(sessions.map((session) => session[Symbol.asyncDispose]()))
  })
})
