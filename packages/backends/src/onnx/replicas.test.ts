import { createGraph, encodeModel } from '@perstream/onnx'
import { PerStreamError, type Tensor, type TensorRuntime } from '@perstream/spec'
import { describe, expect, it } from 'vitest'
import { createOnnxRuntime } from '../onnx'
import { openParts } from './placement'
import { createReplicas } from './replicas'

const width = 128
const graph = createGraph()
let value = graph.input('x', 'float32', [width, width])
const doubled = graph.node('Add', [value, value])
for (let round = 0; round < 60; round++) value = graph.node('MatMul', [value, value])
graph.output('y', value, 'float32', [width, width])
graph.output('twice', doubled, 'float32', [width, width])
const model = { bytes: encodeModel(graph.build()) }

/** The identity matrix times a number: its products are themselves when the number is 1. */
function scaled(number: number): Tensor {
  const data = new Float32Array(width * width)
  for (let i = 0; i < width; i++) data[i * width + i] = number
  return { type: 'float32', shape: [width, width], data }
}

/** Counts the runs of a runtime's sessions, and lets its device be lost after some. */
function observed(runtime: TensorRuntime, runsUntilLost = Number.POSITIVE_INFINITY) {
  const seen = { runs: 0, closed: 0, atOnce: 0, most: 0 }
  const counted = async <Result>(run: () => Promise<Result>): Promise<Result> => {
    if (seen.runs >= runsUntilLost) throw new PerStreamError('device-lost', 'The device is lost')
    seen.runs++
    seen.most = Math.max(seen.most, ++seen.atOnce)
    return run().finally(() => seen.atOnce--)
  }
  const lossy: TensorRuntime = {
    ...runtime,
    async open(source, options) {
      const session = await runtime.open(source, options)
      return {
        ...session,
        run: (...call) => counted(() => session.run(...call)),
        runHeld: (...call) => counted(() => session.runHeld(...call)),
        async [Symbol.asyncDispose]() {
          seen.closed++
          await session[Symbol.asyncDispose]()
        },
      }
    },
  }
  return { runtime: lossy, seen }
}

describe('createReplicas', () => {
  const threads = 1
  const make = () => createOnnxRuntime({ threads })

  it('runs calls side by side on copies in threads of their own, one at a time each', async () => {
    const copies = [observed(make()), observed(make())]
    const places = copies.map(({ runtime }) => ({ runtime, device: 'cpu' as const }))
    const replicas = await createReplicas(model, { runtime: make(), places })
    const runs = Array.from({ length: 10 }, (_, i) => replicas.run({ x: scaled(i) }, { outputs: ['twice'] }))
    const results = await Promise.all(runs)
    expect(results.map(({ twice }) => twice!.data[0])).toEqual(Array.from({ length: 10 }, (_, i) => 2 * i))
    expect(copies.map(({ seen }) => seen.most)).toEqual([1, 1])
    expect(copies.reduce((sum, { seen }) => sum + seen.runs, 0)).toBe(10)
    expect(Math.min(...copies.map(({ seen }) => seen.runs))).toBeGreaterThan(0)
    await replicas[Symbol.asyncDispose]()
    expect(copies.map(({ seen }) => seen.closed)).toEqual([1, 1])
  })

  it('drops a copy whose device is lost, and does its work again; without any left it says so', async () => {
    const copies = [observed(make(), 2), observed(make(), 6)]
    const places = copies.map(({ runtime }) => ({ runtime, device: 'cpu' as const }))
    await using replicas = await createReplicas(model, { runtime: make(), places })
    const results = await Promise.all(Array.from({ length: 8 }, (_, i) => replicas.run({ x: scaled(i) })))
    expect(results).toHaveLength(8)
    expect(copies.map(({ seen }) => seen.runs)).toEqual([2, 6])
    const lost = { code: 'device-lost', message: expect.stringContaining('all copies') }
    await expect(replicas.run({ x: scaled(1) })).rejects.toMatchObject(lost)
    await expect(replicas.run({ x: scaled(1) })).rejects.toMatchObject(lost)
  })

  it('feeds held tensors to the copy that made them, and says when it is gone', async () => {
    const copies = [observed(make(), 3), observed(make())]
    const places = copies.map(({ runtime }) => ({ runtime, device: 'cpu' as const }))
    await using replicas = await createReplicas(model, { runtime: make(), places, heldOutputs: ['twice'] })
    const { twice } = await replicas.runHeld({ x: scaled(1) }, { outputs: ['twice'] })
    expect(copies.map(({ seen }) => seen.runs)).toEqual([1, 0])
    for (let i = 0; i < 2; i++) expect((await replicas.run({ x: twice! })).twice).toEqual(scaled(4))
    expect(copies.map(({ seen }) => seen.runs)).toEqual([3, 0])
    const lost = { code: 'device-lost', message: expect.stringContaining('holds these tensors') }
    await expect(replicas.run({ x: twice! })).rejects.toMatchObject(lost)
    expect((await replicas.run({ x: scaled(1) })).twice).toEqual(scaled(2))
    twice![Symbol.dispose]()
  })

  it('lets calls that wait be aborted, and passes other errors on', async () => {
    const copy = observed(make())
    await using replicas = await createReplicas(model, { runtime: copy.runtime, places: [{ device: 'cpu' }] })
    const controller = new AbortController()
    const reason = new Error('stop')
    const first = replicas.run({ x: scaled(1) })
    const waiting = replicas.run({ x: scaled(1) }, { signal: controller.signal })
    controller.abort(reason)
    await expect(waiting).rejects.toBe(reason)
    await expect(replicas.run({ x: scaled(1) }, { signal: controller.signal })).rejects.toBe(reason)
    await first
    expect(copy.seen.runs).toBe(1)
    await expect(replicas.run({})).rejects.toMatchObject({ code: 'input-invalid' })
  })

  it('closes the copies that did open when one does not, and wants a place', async () => {
    const copy = observed(make())
    const places = [{ device: 'cpu' }, { device: 'cpu', deviceIndex: 1 }] as const
    const opening = createReplicas(model, { runtime: copy.runtime, places })
    await expect(opening).rejects.toMatchObject({
      code: 'device-unavailable',
      message: expect.stringContaining('number 1'),
    })
    expect(copy.seen.closed).toBe(1)
    await expect(createReplicas(model, { runtime: copy.runtime, places: [] })).rejects.toThrow(/places is empty/)
  })
})

describe('openParts', () => {
  it('opens each part in its place, and closes all together', async () => {
    const vision = observed(createOnnxRuntime({ threads: 1 }))
    const rest = observed(createOnnxRuntime({ threads: 1, worker: false }))
    const parts = { vision: { source: model }, decoder: { source: model, heldOutputs: ['y'] } }
    const placement = { vision: { runtime: vision.runtime, device: 'cpu' }, default: { device: 'wasm' } } as const
    const opened = await openParts(parts, { runtime: rest.runtime, placement })
    expect(opened.sessions.vision.device).toBe('cpu')
    expect(opened.sessions.decoder.device).toBe('wasm')
    await opened[Symbol.asyncDispose]()
    expect([vision.seen.closed, rest.seen.closed]).toEqual([1, 1])
  })

  it('keeps nothing open when a part fails, and refuses parts that the model does not have', async () => {
    const { runtime, seen } = observed(createOnnxRuntime({ threads: 1, worker: false }))
    const missing = { vision: { source: model }, decoder: { source: { path: '/no/such.onnx' } } }
    const placement = { default: { device: 'cpu' } } as const
    await expect(openParts(missing, { runtime, placement })).rejects.toMatchObject({ code: 'model-missing' })
    expect(seen.closed).toBe(1)
    const strange = { vision: { source: model } }
    const wrong = { visoin: { device: 'cpu' } } as never
    await expect(openParts(strange, { runtime, placement: wrong })).rejects.toThrow(/visoin.*vision/)
  })
})
