import type { Device, ElementType, Tensor, TensorRuntime, TensorSession } from '@perstream/spec'
import { describe, expect, it } from 'vitest'
import { addModel, copyModel } from './tensor-runtime-models'

/** What {@link tensorRuntimeContract} needs. */
export interface TensorRuntimeContractOptions {
  readonly create: () => TensorRuntime
  /** The device to test on. Default 'cpu'. */
  readonly device?: Exclude<Device, 'auto'> | undefined
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
export function tensorRuntimeContract(name: string, { create, device = 'cpu' }: TensorRuntimeContractOptions): void {
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

    it('says which device it runs on, and the names, types and shapes of the model', () =>
      use(addModel, async (session) => {
        expect(session.device).toBe(device)
        expect(session.inputs).toEqual([
          { name: 'a', type: 'float32', shape: ['n', 2] },
          { name: 'b', type: 'float32', shape: [1, 2] },
        ])
        expect(session.outputs.map((output) => output.name)).toEqual(['sum', 'twice'])
      }))

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

    testRefusals(use)
    testEnds(use, create)
  })
}

type Use = (model: Uint8Array, test: (session: TensorSession) => Promise<void>) => Promise<void>

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

function addFeeds(): { a: Tensor; b: Tensor } {
  return { a: matrix([1, 2], [3, 4]), b: matrix([10, 20]) }
}

function matrix(...rows: [number, number][]): Tensor {
  return { type: 'float32', shape: [rows.length, 2], data: Float32Array.from(rows.flat()) }
}
