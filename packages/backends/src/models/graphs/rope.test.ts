import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ropeFrequencies, sectionRows } from './rope'

const llama3 = {
  kind: 'llama3' as const,
  ...{ factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContextLength: 8192 },
}

/** The same by wavelengths, as the original code has it. */
function stretched(frequency: number): number {
  const wavelength = (2 * Math.PI) / frequency
  if (wavelength < 8192 / 4) return frequency
  if (wavelength > 8192 / 1) return frequency / 8
  const smooth = (8192 / wavelength - 1) / (4 - 1)
  return ((1 - smooth) * frequency) / 8 + smooth * frequency
}

describe('ropeFrequencies', () => {
  it('falls from 1 to just above 1 / theta', () => {
    const frequencies = ropeFrequencies({ theta: 10_000, scaling: undefined, sections: undefined }, 8)
    expect([...frequencies].map((each) => Number(each.toPrecision(6)))).toEqual([1, 0.1, 0.01, 0.001])
  })

  it('divides all of them for linear scaling', () => {
    const scaling = { kind: 'linear', factor: 4 } as const
    const frequencies = ropeFrequencies({ theta: 10_000, scaling, sections: undefined }, 8)
    expect([...frequencies].map((each) => Number(each.toPrecision(6)))).toEqual([0.25, 0.025, 0.0025, 0.00025])
  })

  it('stretches long waves as Llama 3 does', () => {
    const plain = ropeFrequencies({ theta: 500_000, scaling: undefined, sections: undefined }, 128)
    const scaled = ropeFrequencies({ theta: 500_000, scaling: llama3, sections: undefined }, 128)
    const changed = scaled.filter((each, i) => each !== plain[i])
    expect(changed.length).toBeGreaterThan(20)
    scaled.forEach((each, i) => {
      expect(each / stretched(plain[i]!)).toBeCloseTo(1, 6)
    })
  })
})

describe('sectionRows', () => {
  it('gives each row a run of frequencies', () => {
    expect(sectionRows({ counts: [2, 3, 3], interleaved: false })).toEqual([0, 0, 1, 1, 1, 2, 2, 2])
  })

  it('interleaves as Qwen3-VL does', () => {
    expect(sectionRows({ counts: [2, 3, 3], interleaved: true })).toEqual([0, 1, 2, 0, 1, 2, 0, 1])
    expect(sectionRows({ counts: [24, 20, 20], interleaved: true }).slice(54)).toEqual([0, 1, 2, 0, 1, 2, 0, 0, 0, 0])
  })

  it('gives every frequency a row', () => {
    const count = fc.integer({ min: 0, max: 40 })
    fc.assert(
      fc.property(fc.tuple(count, count, count), fc.boolean(), (counts, interleaved) => {
        const rows = sectionRows({ counts, interleaved })
        expect(rows).toHaveLength(counts[0] + counts[1] + counts[2])
        expect(rows.every((row) => row >= 0 && row <= 2)).toBe(true)
      }),
    )
  })
})
