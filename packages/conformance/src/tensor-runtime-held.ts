import type { Tensor, TensorHandle, TensorSession } from '@perstream/spec'
import { expect, it } from 'vitest'
import { stepModel } from './tensor-runtime-graphs'

/** Opens a model for the length of a test. */
export type UseHeld = (
  heldOutputs: readonly string[],
  test: (session: TensorSession, other: TensorSession) => Promise<void>,
) => Promise<void>

function square(...values: number[]): Tensor {
  return { type: 'float32', shape: [2, 2], data: Float32Array.from(values) }
}

/** The model that {@link testHeldTensors} opens twice. */
export { stepModel as heldModel }

/** Tests tensors that stay on the device between runs. `use` opens the model twice on one runtime. */
export function testHeldTensors(use: UseHeld): void {
  const x = square(1, 1, 1, 1)

  it('keeps held outputs, feeds them on, and brings them over when they are read', () =>
    use(['next'], async (session) => {
      let state: Tensor | TensorHandle = square(1, 2, 3, 4)
      for (let step = 0; step < 5; step++) {
        const results: Record<string, TensorHandle> = await session.runHeld({ state, x })
        expect(results.next).toMatchObject({ type: 'float32', shape: [2, 2] })
        expect((await results.total!.read()).data[0]).toBe(10 + 4 * (step + 1))
        if ('read' in state) state[Symbol.dispose]()
        results.total![Symbol.dispose]()
        state = results.next!
      }
      const handle = state as TensorHandle
      expect(await handle.read()).toEqual(square(6, 7, 8, 9))
      expect(await handle.read()).toEqual(square(6, 7, 8, 9))
      handle[Symbol.dispose]()
    }))

  it('feeds what one session made to another one', () =>
    use(['next'], async (session, other) => {
      const { next } = await session.runHeld({ state: square(1, 2, 3, 4), x }, { outputs: ['next'] })
      expect((await other.run({ state: next!, x: next! })).next).toEqual(square(4, 6, 8, 10))
      next![Symbol.dispose]()
      expect((await session.run({ state: x, x })).next).toEqual(square(2, 2, 2, 2))
    }))

  it('gives values from run, and handles of values where nothing is held', () =>
    use(['next'], async (session, other) => {
      expect((await session.run({ state: x, x })).next).toEqual(square(2, 2, 2, 2))
      const { total } = await other.runHeld({ state: x, x }, { outputs: ['total'] })
      expect((await total!.read()).data[0]).toBe(8)
      total![Symbol.dispose]()
      await expect(total!.read()).rejects.toMatchObject({ code: 'input-invalid' })
    }))

  it('lets handles go more than once without harm, and refuses them from then on', () =>
    use(['next'], async (session) => {
      const { next } = await session.runHeld({ state: x, x })
      next![Symbol.dispose]()
      next![Symbol.dispose]()
      await expect(next!.read()).rejects.toMatchObject({ code: 'input-invalid' })
      await expect(session.run({ state: next!, x })).rejects.toMatchObject({ code: 'input-invalid' })
      expect((await session.run({ state: x, x })).next).toEqual(square(2, 2, 2, 2))
    }))

  it('outlives a session that is closed while its tensors are still there', () =>
    use(['next'], async (session, other) => {
      const { next } = await session.runHeld({ state: x, x })
      await session[Symbol.asyncDispose]()
      expect((await other.run({ state: next!, x })).next).toEqual(square(3, 3, 3, 3))
      expect(await next!.read()).toEqual(square(2, 2, 2, 2))
      next![Symbol.dispose]()
    }))

  it('checks the types and shapes of handles, too', () =>
    use(['total'], async (session) => {
      const { total } = await session.runHeld({ state: x, x }, { outputs: ['total'] })
      const refusal = { code: 'input-invalid', message: expect.stringContaining('"state"') }
      await expect(session.run({ state: total!, x })).rejects.toMatchObject(refusal)
      total![Symbol.dispose]()
    }))
}
