import type { Device, ElementType, Tensor, TensorRuntime, TensorSession } from '@perstream/spec'
import { describe, expect, it } from 'vitest'
import {
  externalModel,
  externalWeights,
  halfModel,
  halfWeightsModel,
  longModel,
  openModel,
  operatorCases,
} from './tensor-runtime-graphs'
import { heldModel, testHeldTensors } from './tensor-runtime-held'
import { addModel, copyModel } from './tensor-runtime-models'

/** What {@link tensorRuntimeContract} needs. */
export interface TensorRuntimeContractOptions {
  readonly create: () => TensorRuntime
  /** The device to test on. Default 'cpu'. */
  readonly device?: Exclude<Device, 'auto'> | undefined
  /** What the results of operators are compared with. Default: nothing. */
  readonly reference?: (() => TensorRuntime) | undefined
  /** How far results may be from those of the reference. Default 1e-5. */
  readonly tolerance?: number | undefined
  /** Whether long runs leave the caller's thread free, so that aborts take effect at once. Default false. */
  readonly threaded?: boolean | undefined
}

const samples: Readonly<Record<ElementType, Tensor['data']>> = {
  float32: Float32Array.of(1.5, -2, 0),
  float16: Uint16Array.of(0x3e00, 0xc000, 0x7bff),
  float64: Float64Array.of(Math.PI, -2, 0),
  int8: Int8Array.of(-128, 0, 127),
  uint8: Uint8Array.of(0, 1, 255),
  int16: Int16Array.of(-32768, 0, 32767),
  uint16: Uint16Array.of(0, 1, 65535),
  int32: Int32Array.of(-2147483648, 0, 2147483647),
  uint32: Uint32Array.of(0, 1, 4294967295),
  int64: BigInt64Array.of(-(2n ** 63n), 0n, 2n ** 63n - 1n),
  uint64: BigUint64Array.of(0n, 1n, 2n ** 64n - 1n),
  bool: Uint8Array.of(0, 1, 1),
}

/**
 * Tests what every {@link TensorRuntime} keeps: devices told apart, named inputs and outputs, inputs checked before the
 * runtime fails, every element type carried unchanged, aborts that leave a session usable, sessions closed once.
 */
export function tensorRuntimeContract(name: string, options: TensorRuntimeContractOptions): void {
  const { create, device = 'cpu', threaded = false } = options
  const use = async (model: Uint8Array, test: (session: TensorSession) => Promise<void>) => {
    const session = await create().open({ bytes: model }, { device })
    try {
      await test(session)
    } finally {
      await session[Symbol.asyncDispose]()
    }
  }

  describe(`TensorRuntime: ${name} on ${device}`, () => {
    it('tells of every device whether it works, and why not', async () => {
      const table = await create().capabilities()
      expect(table.find((capability) => capability.device === device)).toMatchObject({ available: true })
      for (const { available, detail, elementTypes } of table) {
        expect(detail).not.toBe('')
        expect(elementTypes.length > 0).toBe(available)
      }
    })

    it('runs a model, for all outputs or those asked for', () =>
      use(addModel, async (session) => {
        expect(await session.run(addFeeds())).toEqual({
          sum: matrix([11, 22], [13, 24]),
          twice: matrix([22, 44], [26, 48]),
        })
        expect(await session.run(addFeeds(), { outputs: ['twice'] })).toEqual({ twice: matrix([22, 44], [26, 48]) })
      }))

    it('runs calls that are made at the same time', () =>
      use(addModel, async (session) => {
        const runs = Array.from({ length: 8 }, (_, i) => session.run({ a: matrix([i, i]), b: matrix([1, 1]) }))
        const sums = (await Promise.all(runs)).map(({ sum }) => sum)
        expect(sums).toEqual(Array.from({ length: 8 }, (_, i) => matrix([i + 1, i + 1])))
      }))

    it('carries each element type that it lists unchanged', async () => {
      const table = await create().capabilities()
      for (const type of table.find((capability) => capability.device === device)!.elementTypes) {
        const x: Tensor = { type, shape: [3], data: samples[type] }
        await use(copyModel(type), async (session) => expect(await session.run({ x })).toEqual({ y: x }))
      }
    })

    it('reads tensors that are given as handles', () =>
      use(addModel, async (session) => {
        const { a, b } = addFeeds()
        const handle = { type: a.type, shape: a.shape, read: async () => a, [Symbol.dispose]: () => {} }
        expect((await session.run({ a: handle, b })).sum).toEqual(matrix([11, 22], [13, 24]))
      }))

    testBoundary(use, device)
    testRefusals(use)
    testEnds(use, create)
    testHeldTensors(async (heldOutputs, test) => {
      const runtime = create()
      const sessions = [
        await runtime.open({ bytes: heldModel }, { device, heldOutputs }),
        await runtime.open({ bytes: heldModel }, { device }),
      ] as const
      try {
        await test(...sessions)
      } finally {
        for (const session of sessions) await session[Symbol.asyncDispose]()
      }
    })
    testWeights(create, device)
    testOverlap(create, device)
    if (threaded) testLongRuns(use)
    testOperators(options)
  })
}

type Use = (model: Uint8Array, test: (session: TensorSession) => Promise<void>) => Promise<void>

function testBoundary(use: Use, device: string): void {
  it('says which device it runs on, and the names, types and shapes of the model', () =>
    use(addModel, async (session) => {
      expect(session.device).toBe(device)
      expect(session.inputs).toEqual([
        { name: 'a', type: 'float32', shape: ['n', 2] },
        { name: 'b', type: 'float32', shape: [1, 2] },
      ])
      expect(session.outputs.map((output) => output.name)).toEqual(['sum', 'twice'])
    }))

  it('takes any size where a model names none', () =>
    use(openModel, async (session) => {
      expect(session.inputs).toEqual([{ name: 'x', type: 'float32', shape: [-1, -1] }])
      for (const x of [matrix([1, 2]), matrix([3, 4], [5, 6])]) expect(await session.run({ x })).toEqual({ y: x })
    }))
}

function testRefusals(use: Use): void {
  const { a, b } = addFeeds()
  const wrong: readonly [what: string, feeds: Record<string, Tensor>, name: string][] = [
    ['a missing input', { a }, 'b'],
    ['an unknown input', { a, b, c: b }, 'c'],
    ['another element type', { a: { type: 'int32', shape: [1, 2], data: Int32Array.of(1, 2) }, b }, 'a'],
    [
      'data of another kind than its type',
      { a: { type: 'float32', shape: [1, 2], data: Int32Array.of(1, 2) }, b },
      'a',
    ],
    ['another rank', { a: { type: 'float32', shape: [2], data: Float32Array.of(1, 2) }, b }, 'a'],
    ['another size', { a, b: { type: 'float32', shape: [2, 1], data: Float32Array.of(1, 2) } }, 'b'],
    ['data that does not fill its shape', { a: { type: 'float32', shape: [2, 2], data: Float32Array.of(1) }, b }, 'a'],
    ['a negative size', { a: { type: 'float32', shape: [-1, 2], data: Float32Array.of(1) }, b }, 'a'],
  ]
  it.each(wrong)('refuses %s, by name, and stays usable', (_, feeds, name) =>
    use(addModel, async (session) => {
      const refusal = { code: 'input-invalid', message: expect.stringContaining(`"${name}"`) }
      await expect(session.run(feeds)).rejects.toMatchObject(refusal)
      expect((await session.run(addFeeds())).sum).toEqual(matrix([11, 22], [13, 24]))
    }),
  )

  it('refuses an output that the model does not have', () =>
    use(addModel, async (session) => {
      const refusal = { code: 'input-invalid', message: expect.stringContaining('"none"') }
      await expect(session.run(addFeeds(), { outputs: ['none'] })).rejects.toMatchObject(refusal)
    }))
}

function testEnds(use: Use, create: () => TensorRuntime): void {
  const reason = new Error('stop')

  it("rejects with the signal's reason, and the session stays usable", () =>
    use(addModel, async (session) => {
      await expect(session.run(addFeeds(), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
      const controller = new AbortController()
      const run = session.run(addFeeds(), { signal: controller.signal })
      controller.abort(reason)
      await expect(run).rejects.toBe(reason)
      expect((await session.run(addFeeds())).sum).toEqual(matrix([11, 22], [13, 24]))
    }))

  it("does not open a model when aborted, and rejects with the signal's reason", async () => {
    const aborted = { signal: AbortSignal.abort(reason) }
    await expect(create().open({ bytes: addModel }, aborted)).rejects.toBe(reason)
    await expect(create().capabilities(aborted)).rejects.toBe(reason)
  })

  it('closes more than once without harm, after the runs that were started, and refuses runs then', () =>
    use(addModel, async (session) => {
      const run = session.run(addFeeds())
      await Promise.all([session[Symbol.asyncDispose](), session[Symbol.asyncDispose]()])
      expect((await run).sum).toEqual(matrix([11, 22], [13, 24]))
      await expect(session.run(addFeeds())).rejects.toMatchObject({ code: 'input-invalid' })
    }))

  it('says what is wrong with a model that is missing or no model', async () => {
    const missing = create().open({ path: '/no/such/model.onnx' })
    await expect(missing).rejects.toMatchObject({ code: 'model-missing', message: expect.stringContaining('/no/such') })
    const broken = create().open({ bytes: addModel.subarray(0, 100) })
    await expect(broken).rejects.toMatchObject({ code: 'model-invalid' })
  })

  it('refuses a device that does not exist, naming those that do', async () => {
    const opening = create().open({ bytes: addModel }, { device: 'abacus' as Device })
    const refusal = { code: 'device-unavailable', message: expect.stringMatching(/abacus.*cpu/) }
    await expect(opening).rejects.toMatchObject(refusal)
  })
}

function testWeights(create: () => TensorRuntime, device: Exclude<Device, 'auto'>): void {
  const x: Tensor = { type: 'float32', shape: [1, 2], data: Float32Array.of(10, 1) }

  it('opens a model whose weights are given beside it, and says which are missing or not its own', async () => {
    const open = (location?: string) =>
      create().open(
        { bytes: externalModel },
        { device, externalData: location === undefined ? [] : [{ location, data: { bytes: externalWeights() } }] },
      )
    const session = await open('weights.bin')
    expect([...(await session.run({ x })).y!.data]).toEqual([13, 24])
    await session[Symbol.asyncDispose]()
    const missing = { code: 'model-missing', message: expect.stringContaining('weights.bin') }
    await expect(open()).rejects.toMatchObject(missing)
    await expect(open('other.bin')).rejects.toThrow(/other\.bin.*weights\.bin/)
  })

  it('computes in float16 where it lists it, and refuses before the runtime fails where not', async () => {
    const { elementTypes } = (await create().capabilities()).find((capability) => capability.device === device)!
    const opening = create().open({ bytes: halfModel }, { device })
    if (elementTypes.includes('float16')) {
      const session = await opening
      const half: Tensor = { type: 'float32', shape: [2], data: Float32Array.of(1.5, -0.25) }
      expect([...(await session.run({ x: half })).y!.data]).toEqual([3, -0.5])
      await session[Symbol.asyncDispose]()
    } else {
      const refusal = { code: 'model-unsupported', message: expect.stringMatching(/float16.*"f32" or "q4"/s) }
      await expect(opening).rejects.toMatchObject(refusal)
    }
  })

  it('takes weights in float16 that are widened when the model is opened', async () => {
    const session = await create().open({ bytes: halfWeightsModel }, { device })
    const y = (await session.run({ x: { ...x, shape: [2] } })).y!
    expect([...y.data]).toEqual([11, 3])
    await session[Symbol.asyncDispose]()
  })

  it('refuses held outputs that the model does not have', async () => {
    const opening = create().open({ bytes: addModel }, { device, heldOutputs: ['none'] })
    await expect(opening).rejects.toThrow(/heldOutputs.*"none"/)
  })
}

function testOverlap(create: () => TensorRuntime, device: Exclude<Device, 'auto'>): void {
  it('runs calls of several sessions and runtimes that are made at the same time', async () => {
    const runtimes = [create(), create()]
    const opening = [0, 1, 2].map((i) => runtimes[i % 2]!.open({ bytes: addModel }, { device }))
    const sessions = await Promise.all(opening)
    const runs = Array.from({ length: 12 }, (_, i) => sessions[i % 3]!.run({ a: matrix([i, i]), b: matrix([1, 1]) }))
    const sums = (await Promise.all(runs)).map(({ sum }) => sum)
    expect(sums).toEqual(Array.from({ length: 12 }, (_, i) => matrix([i + 1, i + 1])))
    await Promise.all(sessions.map((session) => session[Symbol.asyncDispose]()))
  })
}

function testLongRuns(use: Use): void {
  const width = 256
  const x: Tensor = { type: 'float32', shape: [width, width], data: new Float32Array(width * width).fill(1) }

  it('leaves the thread free during a long run, gives an aborted one up at once, and goes on', () =>
    use(longModel(width, 400), async (session) => {
      await session.run({ x })
      let ticks = 0
      const timer = setInterval(() => ticks++, 1)
      const start = performance.now()
      await session.run({ x })
      const whole = performance.now() - start
      clearInterval(timer)
      expect(ticks).toBeGreaterThan(whole / 50)

      const reason = new Error('stop')
      const controller = new AbortController()
      const run = session.run({ x }, { signal: controller.signal })
      const waiting = session.run({ x }, { signal: controller.signal })
      const stopped = performance.now()
      setTimeout(() => controller.abort(reason), whole / 8)
      await expect(run).rejects.toBe(reason)
      expect(performance.now() - stopped).toBeLessThan(whole * 0.8)
      await expect(waiting).rejects.toBe(reason)
      expect((await session.run({ x })).y).toEqual(x)
    }))
}

function testOperators({ create, device = 'cpu', reference, tolerance = 1e-5 }: TensorRuntimeContractOptions): void {
  if (!reference) return
  it.each(operatorCases())('agrees with the reference: $name', async ({ model, feeds, exact = [] }) => {
    const session = await create().open({ bytes: model }, { device })
    const expected = await reference().open({ bytes: model }, { device: 'cpu' })
    const [results, wanted] = [await session.run(feeds), await expected.run(feeds)]
    for (const [name, { type, shape, data }] of Object.entries(wanted)) {
      const given = results[name]!
      expect(given).toMatchObject({ type, shape })
      if (exact.includes(name)) expect(given.data).toEqual(data)
      else expect(farthest(given.data as Float32Array, data as Float32Array), name).toBeLessThan(tolerance)
    }
    await session[Symbol.asyncDispose]()
    await expected[Symbol.asyncDispose]()
  })
}

/** The largest difference of two numbers at the same place. */
function farthest(a: Float32Array, b: Float32Array): number {
  return a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - b[i]!)), 0)
}

function addFeeds(): { a: Tensor; b: Tensor } {
  return { a: matrix([1, 2], [3, 4]), b: matrix([10, 20]) }
}

function matrix(...rows: [number, number][]): Tensor {
  return { type: 'float32', shape: [rows.length, 2], data: Float32Array.from(rows.flat()) }
}
