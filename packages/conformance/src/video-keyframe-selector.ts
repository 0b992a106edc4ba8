import { collect } from '@perstream/kit'
import type { Frame, Keyframe, KeyframeSelector, RgbImage } from '@perstream/spec'
import { describe, expect, it } from 'vitest'

/** What {@link keyframeSelectorContract} checks. */
export interface KeyframeSelectorContractOptions {
  readonly name: string
  /** Makes the selector under test, with its defaults. */
  readonly create: () => KeyframeSelector
  /** How many frames it may hold at a time, the current one included. Default 8. */
  readonly held?: number | undefined
}

/** A moving texture whose frames know whether they were released. */
class Stream implements AsyncIterable<Frame> {
  readonly released: number[] = []
  left = false
  mostHeld = 0
  private given = 0
  private readonly handed = new Set<number>()

  constructor(
    private readonly frames: number,
    private readonly speed: number,
    private readonly image: { readonly width: number; readonly height: number } = { width: 96, height: 64 },
  ) {}

  /** The receiver of a keyframe owns it: it is not held by the selector any more. */
  handOver({ frame }: Keyframe): void {
    this.handed.add(frame.index)
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Frame, void, void> {
    try {
      for (let i = 0; i < this.frames; i++) {
        this.given++
        yield this.frame(i)
        this.mostHeld = Math.max(this.mostHeld, this.given - new Set([...this.released, ...this.handed]).size)
      }
    } finally {
      this.left = true
    }
  }

  private frame(index: number): Frame {
    const release = () => {
      if (!this.released.includes(index)) this.released.push(index)
    }
    const pixels = async () => texture(this.image.width, this.image.height, index * this.speed)
    const size = this.image
    return { index, seconds: index / 10, ...size, pixels, release, [Symbol.dispose]: release }
  }
}

function texture(width: number, height: number, shift: number): RgbImage {
  const data = new Uint8Array(width * height * 3)
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < 3; c++, i++)
        data[i] = 128 + 60 * Math.sin((x + shift) / 5 + c) + 60 * Math.sin((y + shift / 2) / 7)
  return { data, width, height }
}

async function keep(create: () => KeyframeSelector, stream: Stream): Promise<Keyframe[]> {
  const kept: Keyframe[] = []
  for await (const keyframe of create().select(stream)) {
    stream.handOver(keyframe)
    kept.push(keyframe)
  }
  return kept
}

/** Checks that a selector keeps the contract of `KeyframeSelector`: ownership, order, bounds, leaving and aborting. */
export function keyframeSelectorContract({ name, create, held = 8 }: KeyframeSelectorContractOptions): void {
  describe(`keyframe selector contract: ${name}`, () => {
    for (const [frames, speed] of [
      [1, 0],
      [2, 1],
      [40, 0],
      [120, 1.5],
    ] as const)
      it(`keeps frames in order and releases all others (${frames} frames, ${speed} px each)`, async () => {
        const stream = new Stream(frames, speed)
        const kept = (await keep(create, stream)).map(({ frame }) => frame.index)
        expect(kept.length).toBeGreaterThan(0)
        expect(kept).toEqual([...new Set(kept)].sort((a, b) => a - b))
        const others = Array.from({ length: frames }, (_, i) => i).filter((i) => !kept.includes(i))
        expect([...stream.released].sort((a, b) => a - b)).toEqual(others)
        expect(stream.mostHeld).toBeLessThanOrEqual(held)
      })

    it('yields nothing from nothing', async () => {
      expect(await collect(create().select(new Stream(0, 0)))).toEqual([])
    })

    it('reads images too small to measure', async () => {
      expect((await keep(create, new Stream(30, 1, { width: 1, height: 1 }))).length).toBeGreaterThan(0)
    })

    it('remembers nothing from one stream to the next', async () => {
      const selector = create()
      const run = () =>
        keep(() => selector, new Stream(60, 2)).then((kept) => kept.map(({ frame, reason }) => [frame.index, reason]))
      expect(await run()).toEqual(await run())
    })

    it('closes its source and releases what it holds when it is left', async () => {
      const stream = new Stream(120, 1.5)
      for await (const keyframe of create().select(stream)) {
        keyframe.frame.release()
        break
      }
      expect(stream.left).toBe(true)
      expect(new Set(stream.released).size).toBe(Math.max(...stream.released) + 1)
    })

    it('rejects with the reason of an abort, and releases what it holds', async () => {
      const stream = new Stream(120, 1.5)
      const controller = new AbortController()
      const reason = new Error('enough')
      const reading = (async () => {
        for await (const keyframe of create().select(stream, { signal: controller.signal })) {
          keyframe.frame.release()
          controller.abort(reason)
        }
      })()
      await expect(reading).rejects.toBe(reason)
      expect(stream.left).toBe(true)
      expect(new Set(stream.released).size).toBe(Math.max(...stream.released) + 1)
    })
  })
}
